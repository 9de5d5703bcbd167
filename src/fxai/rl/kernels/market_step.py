"""A step of the market's environments, and its observations, as compiled loops of the rules of `market/rules`.

A loop processes one environment after the other, from the order to the next observation. Intermediate results have
double precision. Records have the fields of those in `market/rules/rule_records.py` and, for rewards, of the
configuration.
"""

from math import isnan
from typing import Any, Final, TypeAlias

from fxai.market.rules.book import with_book
from fxai.market.rules.compiled import Array, compiled
from fxai.market.rules.quotes import quote_at
from fxai.market.rules.rule_records import IN_SESSION
from fxai.market.rules.rules import EpisodeStep, hold_step, renew, take_step, target_of

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


def _read_ahead(quotes: Array, features: Array, bars: Array, gap: int, ended: Array) -> None:
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
    ended[0] |= isnan(total)


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


@compiled
def market_observation(
    features: Array,
    scales: Array,
    bars: Array,
    accounts: Array,
    observation: Array,
    half_held: float,
    in_units: bool,  # noqa: FBT001 - numba takes no keywords
) -> None:
    """Fills `observation`; the arguments are those of `market_step`."""
    lanes, envs, _, _ = observation.shape
    for lane in range(lanes):
        for env in range(envs):
            account = accounts[lane, env]
            _show(observation[lane, env], features, bars[lane, env], account, scales[lane], half_held, in_units)


@compiled
def begin_episodes(starts: Array, ends: Array, marks: Array, bars: Array, last_bars: Array, accounts: Array) -> None:
    """Begins episodes from `starts` to `ends` [lane, env] where `marks` say that one ended; see `market_step`."""
    lanes, envs = bars.shape
    for lane in range(lanes):
        for env in range(envs):
            if marks[lane, env].terminated or marks[lane, env].truncated:
                bars[lane, env] = starts[lane, env]
                last_bars[lane, env] = ends[lane, env]
                renew(accounts[lane, env])


@compiled
def market_step(
    quotes: Array,
    features: Array,
    scales: Array,
    sessions: Array,
    book: Array,
    rules: Array,
    stops: Array,
    rewards: Array,
    targets: Array,
    gaps: Array,
    action: Array,
    bars: Array,
    last_bars: Array,
    accounts: Array,
    figures: Array,
    marks: Array,
    ended: Array,
    final_observation: Array,
    half_held: float,
    in_units: bool,  # noqa: FBT001 - numba takes no keywords
    increments: bool,  # noqa: FBT001
    close_at_end: bool,  # noqa: FBT001
) -> None:
    """Steps all environments.

    Args:
        quotes: [bar, 7].
        features: [bar, feature]. The window of one of the first bars begins with zeros.
        scales: Factors of the account's features [lane, 4].
        sessions: Codes of `market/rules/sessions.py` [bar]; empty without sessions.
        book: Levels that orders take, as `book_levels`; empty if no order takes them.
        rules: Records [lane, instrument].
        stops: The bar after the last one of each instrument, [instrument].
        rewards: Records [lane].
        targets: Target positions in increasing order, [position].
        gaps: Bars of a step, [lane].
        action: As for `target_of`, [lane, env].
        bars: Changed: current bars [lane, env].
        last_bars: Last bars [lane, env] of the current episodes.
        accounts: Changed: records [lane, env].
        figures: Filled: numbers of the steps, records [lane, env].
        marks: Filled: booleans of the steps, records [lane, env].
        ended: Filled: whether an episode ended, [1]; false before.
        final_observation: Filled: [lane, env, window, column].
        half_held: Bars after which the feature of the holding time is one half.
        in_units: Whether a position is a number of units.
        increments: Whether an action is a step along the positions.
        close_at_end: Whether a position that is open at the end of an episode is closed.
    """
    lanes, envs = action.shape
    blocks = (envs + BLOCK - 1) // BLOCK
    for block in range(lanes * blocks):
        lane, begin = block // blocks, block % blocks * BLOCK
        stop = min(begin + BLOCK, envs)
        _read_ahead(quotes, features, bars[lane, begin:stop], gaps[lane], ended)
        for env in range(begin, stop):
            account = accounts[lane, env]
            bar = bars[lane, env] + 1
            instrument = 0
            while bar >= stops[instrument]:  # an episode has one instrument
                instrument += 1
            quote = quote_at(quotes, bar, sessions[bar] if len(sessions) > 0 else IN_SESSION)
            target = target_of(action[lane, env], increments, targets, account.position)
            if rules[lane, instrument].largest_units > 0:
                quote = with_book(quote, book, bar, account, rules[lane, instrument], target)
            is_last = bar == last_bars[lane, env]
            first = take_step(account, rules[lane, instrument], rewards[lane], quote, target, is_last, close_at_end)
            step = _joined(NO_BARS, first)
            for _ in range(1, gaps[lane]):
                if step.terminated or step.truncated:
                    break
                bar += 1
                quote = quote_at(quotes, bar, sessions[bar] if len(sessions) > 0 else IN_SESSION)
                if rules[lane, instrument].largest_units > 0:
                    quote = with_book(quote, book, bar, account, rules[lane, instrument], account.position)
                is_last = bar == last_bars[lane, env]
                later = hold_step(account, rules[lane, instrument], rewards[lane], quote, is_last, close_at_end)
                step = _joined(step, later)
            bars[lane, env] = bar
            ended[0] |= step.terminated or step.truncated
            _write(figures[lane, env], marks[lane, env], step)
        for env in range(
            begin, stop
        ):  # a loop of its own, so that the processor reads the features of several in parallel
            account = accounts[lane, env]
            _show(final_observation[lane, env], features, bars[lane, env], account, scales[lane], half_held, in_units)
