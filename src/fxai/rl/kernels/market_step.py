"""A step of the market's environments, and its observations, as compiled loops of the rules of `market/rules`.

A loop processes one environment after the other, from the order to the next observation. Intermediate results have
double precision. Records have the fields of those in `market/rules/rule_records.py` and, for rewards, of the
configuration.
"""

from typing import Any, TypeAlias

from fxai.market.rules.compiled import Array, compiled
from fxai.market.rules.quotes import quote_at
from fxai.market.rules.rule_records import HOLD
from fxai.market.rules.rules import renew, take_step, target_of

Record: TypeAlias = Any


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
        for j in range(columns):
            seen[i, j] = 0.0
        if row >= 0:
            for j in range(own):
                seen[i, j] = features[row, j]
    gain = account.gain
    if in_units and account.value != 0:
        gain = gain * account.opening_equity * abs(account.position) / abs(account.value)
    seen[-1, own] = account.position * scales[0]
    seen[-1, own + 1] = gain * scales[1]
    seen[-1, own + 2] = account.held / (account.held + half_held) * scales[2]
    seen[-1, own + 3] = account.drawdown * scales[3]


def _add_figures(figure: Record, mark: Record, step: Any) -> None:
    """Adds a bar to the numbers of a step: sums, and the position and equity of the bar."""
    figure.step_return = step.step_return + figure.step_return * (1.0 + step.step_return)
    figure.reward += step.reward
    figure.turnover += step.turnover
    figure.closed_gain += step.closed_gain
    figure.settled_gain += step.settled_gain
    figure.exit_gain += step.exit_gain
    figure.exit_price += step.exit_price
    figure.position, figure.equity = step.position, step.equity
    mark.terminated, mark.truncated = step.terminated, step.truncated
    mark.closed |= step.closed
    mark.settled |= step.settled
    mark.exited |= step.exited


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
def market_step(
    quotes: Array,
    features: Array,
    scales: Array,
    sessions: Array,
    rules: Array,
    stops: Array,
    rewards: Array,
    targets: Array,
    gaps: Array,
    action: Array,
    starts: Array,
    ends: Array,
    bars: Array,
    last_bars: Array,
    accounts: Array,
    figures: Array,
    marks: Array,
    observation: Array,
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
        rules: Records [lane, instrument].
        stops: The bar after the last one of each instrument, [instrument].
        rewards: Records [lane].
        targets: Target positions in increasing order, [position].
        gaps: Bars of a step, [lane].
        action: As for `target_of`, [lane, env].
        starts: First bars [lane, env] of the episodes that begin where one ends.
        ends: Last bars [lane, env] of these episodes.
        bars: Changed: current bars [lane, env].
        last_bars: Changed: last bars [lane, env] of the current episodes.
        accounts: Changed: records [lane, env].
        figures: Filled: numbers of the steps, records [lane, env]; zeros before.
        marks: Filled: booleans of the steps, records [lane, env]; false before.
        observation: Filled: [lane, env, window, column].
        final_observation: Filled: [lane, env, window, column].
        half_held: Bars after which the feature of the holding time is one half.
        in_units: Whether a position is a number of units.
        increments: Whether an action is a step along the positions.
        close_at_end: Whether a position that is open at the end of an episode is closed.
    """
    lanes, envs, _, _ = observation.shape
    for lane in range(lanes):
        for env in range(envs):
            account, figure, mark = accounts[lane, env], figures[lane, env], marks[lane, env]
            bar = bars[lane, env]
            ordered = action[lane, env]
            for _ in range(gaps[lane]):
                bar += 1
                instrument = 0
                while bar >= stops[instrument]:
                    instrument += 1
                quote = quote_at(quotes, sessions, bar)
                is_last = bar == last_bars[lane, env]
                target = target_of(ordered, increments, targets, account.position)
                step = take_step(account, rules[lane, instrument], rewards[lane], quote, target, is_last, close_at_end)
                _add_figures(figure, mark, step)
                if step.terminated or step.truncated:
                    break
                ordered = HOLD

            _show(final_observation[lane, env], features, bar, account, scales[lane], half_held, in_units)
            if mark.terminated or mark.truncated:
                bar = starts[lane, env]
                last_bars[lane, env] = ends[lane, env]
                renew(account)
            bars[lane, env] = bar
            _show(observation[lane, env], features, bar, account, scales[lane], half_held, in_units)
