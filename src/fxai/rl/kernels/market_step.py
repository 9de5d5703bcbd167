"""A step of the market's environments, and its observations, as compiled loops of the rules of `market/rules`.

A loop processes one environment after the other, from the order to the next observation. Intermediate results have
double precision. Records have the fields of those in `market/rules/rule_records.py` and, for rewards, of the
configuration.
"""

from math import isnan
from typing import Any, Final, TypeAlias

from fxai.market.rules.book import with_book
from fxai.market.rules.compiled import Array, compiled, exact, separate
from fxai.market.rules.quotes import quote_at
from fxai.market.rules.rule_records import IN_SESSION
from fxai.market.rules.rules import EpisodeStep, hold_step, renew, take_step, target_of
from fxai.rl.kernels.market_arrays import Environments, MarketArrays

Record: TypeAlias = Any

BLOCK: Final = 32
"""Environments whose rows of the market are read in parallel."""

NO_BARS: Final = EpisodeStep(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, False, False, False, False, False)
"""The numbers of a step before its first bar."""


def _show(
    seen: Array,
    features: Array,
    bar: int,
    account: Record,
    scales: Array,
    half_held: float,
    in_units: bool,  # noqa: FBT001
) -> None:
    """Fills `seen` with the observation at `bar`."""
    window, columns = seen.shape
    own = columns - 4  # the account's columns
    for i in range(window):
        row = bar + 1 - window + i
        for j in range(own):
            seen[i, j] = features[row, j] if row >= 0 else 0.0
        if i < window - 1:
            for j in range(own, columns):
                seen[i, j] = 0.0
    gain = 0.0 + account.gain
    if in_units:  # no branch on whether a trade is open, which the processor cannot predict
        value = abs(account.value)
        gain = account.gain * account.opening_equity * abs(account.position) / (value if value > 0 else 1.0)
    seen[-1, own] = account.position * scales[0]
    seen[-1, own + 1] = gain * scales[1]
    seen[-1, own + 2] = account.held / (account.held + half_held) * scales[2]
    seen[-1, own + 3] = account.drawdown * scales[3]


def _read_ahead(quotes: Array, features: Array, bars: Array, gap: int) -> bool:
    """Reads the next quotes and features of all environments into the processor's cache, several of them in parallel.

    In the loop over the environments the processor would wait for each one. The quotes of the step's first bar and
    those of its last bar are read, because they may lie in several lines of the cache. The sum is used, so that the
    compiler keeps the loop; all are numbers, so the result is false.
    """
    total = 0.0
    has_features = features.shape[1] > 0
    for env in range(len(bars)):
        last = min(bars[env] + gap, len(quotes) - 1)
        total += quotes[bars[env] + 1, 0] + quotes[last, -1]
        if has_features:
            total += features[last, 0]
    return isnan(total)


def _joined(before: EpisodeStep, bar: EpisodeStep) -> EpisodeStep:
    """Returns the numbers of several bars: sums, and the position and equity of the last one."""
    return EpisodeStep(
        before.reward + bar.reward,
        0.0 + bar.position,
        0.0 + bar.equity,  # in double precision, as NO_BARS
        bar.step_return + before.step_return * (1.0 + bar.step_return),
        before.turnover + bar.turnover,
        before.closed_gain + bar.closed_gain,
        before.settled_gain + bar.settled_gain,
        before.exit_gain + bar.exit_gain,
        before.exit_price + bar.exit_price,
        bar.terminated,
        bar.truncated,
        before.closed or bar.closed,
        before.settled or bar.settled,
        before.exited or bar.exited,
    )


def _write(figure: Record, mark: Record, step: EpisodeStep) -> None:
    """Writes the numbers of a step into its records."""
    figure.reward, figure.position, figure.equity = step.reward, step.position, step.equity
    figure.step_return, figure.turnover = step.step_return, step.turnover
    figure.closed_gain, figure.settled_gain = step.closed_gain, step.settled_gain
    figure.exit_gain, figure.exit_price = step.exit_gain, step.exit_price
    mark.terminated, mark.truncated = step.terminated, step.truncated
    mark.closed, mark.settled, mark.exited = step.closed, step.settled, step.exited


def show_lane(market: MarketArrays, environments: Environments, lane: int, observation: Array) -> None:
    """Fills `observation` [env, window, column] of a lane; other loops call it."""
    for env in range(len(observation)):
        account, bar = environments.accounts[lane, env], environments.bars[lane, env]
        _show(observation[env], market.features, bar, account, market.scales[lane], market.half_held, market.in_units)


def begin_lane(environments: Environments, lane: int, starts: Array, ends: Array) -> None:
    """Begins episodes from `starts` to `ends` [env] in the environments of a lane whose episodes ended."""
    for env in range(len(starts)):
        if environments.marks[lane, env].terminated or environments.marks[lane, env].truncated:
            environments.bars[lane, env] = starts[env]
            environments.last_bars[lane, env] = ends[env]
            renew(environments.accounts[lane, env])


@exact
@separate
def step_lane(
    market: MarketArrays, environments: Environments, lane: int, action: Array, final_observation: Array
) -> bool:
    """Steps the environments of a lane; other loops call it. Returns whether an episode ended.

    The arguments are those of `market_step`, of the lane: `action` [env], `final_observation` [env, window, column].
    """
    quotes, features, sessions, book = market.quotes, market.features, market.sessions, market.book
    stops, targets, close_at_end = market.stops, market.targets, market.close_at_end
    bars, last_bars, accounts = environments.bars[lane], environments.last_bars[lane], environments.accounts[lane]
    figures, marks = environments.figures[lane], environments.marks[lane]
    rules, rewards, gap, scales = market.rules[lane], market.rewards[lane], market.gaps[lane], market.scales[lane]
    ended = False
    for begin in range(0, len(action), BLOCK):
        stop = min(begin + BLOCK, len(action))
        ended |= _read_ahead(quotes, features, bars[begin:stop], gap)
        for env in range(begin, stop):
            account = accounts[env]
            bar = bars[env] + 1
            instrument = 0
            while bar >= stops[instrument]:  # an episode has one instrument
                instrument += 1
            quote = quote_at(quotes, bar, sessions[bar] if len(sessions) > 0 else IN_SESSION)
            target = target_of(action[env], market.increments, targets, account.position)
            if rules[instrument].largest_units > 0:
                quote = with_book(quote, book, bar, account, rules[instrument], target)
            is_last = bar == last_bars[env]
            first = take_step(account, rules[instrument], rewards, quote, target, is_last, close_at_end)
            step = _joined(NO_BARS, first)
            for _ in range(1, gap):
                if step.terminated or step.truncated:
                    break
                bar += 1
                quote = quote_at(quotes, bar, sessions[bar] if len(sessions) > 0 else IN_SESSION)
                if rules[instrument].largest_units > 0:
                    quote = with_book(quote, book, bar, account, rules[instrument], account.position)
                is_last = bar == last_bars[env]
                later = hold_step(account, rules[instrument], rewards, quote, is_last, close_at_end)
                step = _joined(step, later)
            bars[env] = bar
            ended |= step.terminated or step.truncated
            _write(figures[env], marks[env], step)
        # A loop of its own, so that the processor reads the features of several environments in parallel.
        for env in range(begin, stop):
            _show(final_observation[env], features, bars[env], accounts[env], scales, market.half_held, market.in_units)
    return ended


@compiled
def market_observation(market: MarketArrays, environments: Environments, observation: Array) -> None:
    """Fills `observation` [lane, env, window, column]."""
    for lane in range(len(observation)):
        show_lane(market, environments, lane, observation[lane])


@compiled
def begin_episodes(environments: Environments, starts: Array, ends: Array) -> None:
    """Begins episodes from `starts` to `ends` [lane, env] where the last step ended one."""
    for lane in range(len(starts)):
        begin_lane(environments, lane, starts[lane], ends[lane])


@compiled
def market_step(
    market: MarketArrays, environments: Environments, action: Array, ended: Array, final_observation: Array
) -> None:
    """Steps all environments.

    Args:
        market: The market.
        environments: Changed.
        action: As for `target_of`, [lane, env].
        ended: Filled: whether an episode ended, [1].
        final_observation: Filled: [lane, env, window, column].
    """
    ended[0] = False
    for lane in range(len(action)):
        ended[0] |= step_lane(market, environments, lane, action[lane], final_observation[lane])
