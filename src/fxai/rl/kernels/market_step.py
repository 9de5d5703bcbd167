"""A step of the market's environments, and its observations, as compiled loops of the rules of `market/rules`.

A loop processes one environment after the other, from the order to the next observation. Intermediate results have
double precision. Records have the fields of those in `market/rules/rule_records.py` and, for rewards, of the
configuration.
"""

from typing import Any, TypeAlias

from fxai.market.rules.compiled import Array, compiled
from fxai.market.rules.quotes import quote_at
from fxai.market.rules.rules import renew, take_step

Record: TypeAlias = Any


def _show(seen: Array, features: Array, bar: int, account: Record, scales: Array, half_held: float) -> None:
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
    seen[-1, own] = account.position * scales[0]
    seen[-1, own + 1] = account.gain * scales[1]
    seen[-1, own + 2] = account.held / (account.held + half_held) * scales[2]
    seen[-1, own + 3] = account.drawdown * scales[3]


@compiled
def market_observation(
    features: Array, scales: Array, bars: Array, accounts: Array, observation: Array, half_held: float
) -> None:
    """Fills `observation`; the arguments are those of `market_step`."""
    lanes, envs, _, _ = observation.shape
    for lane in range(lanes):
        for env in range(envs):
            _show(observation[lane, env], features, bars[lane, env], accounts[lane, env], scales[lane], half_held)


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
    close_at_end: bool,  # noqa: FBT001 - numba takes no keywords
) -> None:
    """Steps all environments.

    Args:
        quotes: [bar, 6].
        features: [bar, feature]. The window of one of the first bars begins with zeros.
        scales: Factors of the account's features [lane, 4].
        sessions: Codes of `market/rules/sessions.py` [bar]; empty without sessions.
        rules: Records [lane, instrument].
        stops: The bar after the last one of each instrument, [instrument].
        rewards: Records [lane].
        targets: Target positions of the actions, [action].
        action: [lane, env].
        starts: First bars [lane, env] of the episodes that begin where one ends.
        ends: Last bars [lane, env] of these episodes.
        bars: Changed: current bars [lane, env].
        last_bars: Changed: last bars [lane, env] of the current episodes.
        accounts: Changed: records [lane, env].
        figures: Filled: numbers of the steps, records [lane, env].
        marks: Filled: booleans of the steps, records [lane, env].
        observation: Filled: [lane, env, window, column].
        final_observation: Filled: [lane, env, window, column].
        half_held: Steps after which the feature of the holding time is one half.
        close_at_end: Whether a position that is open at the end of an episode is closed.
    """
    lanes, envs, _, _ = observation.shape
    for lane in range(lanes):
        for env in range(envs):
            account, figure, mark = accounts[lane, env], figures[lane, env], marks[lane, env]
            bar = bars[lane, env] + 1
            instrument = 0
            while bar >= stops[instrument]:
                instrument += 1
            quote = quote_at(quotes, sessions, bar)
            is_last = bar == last_bars[lane, env]
            target = targets[action[lane, env]]
            step = take_step(account, rules[lane, instrument], rewards[lane], quote, target, is_last, close_at_end)
            figure.reward, figure.position, figure.equity = step.reward, step.position, step.equity
            figure.step_return, figure.turnover = step.step_return, step.turnover
            figure.closed_gain, figure.settled_gain = step.closed_gain, step.settled_gain
            figure.exit_gain, figure.exit_price = step.exit_gain, step.exit_price
            mark.terminated, mark.truncated = step.terminated, step.truncated
            mark.closed, mark.settled, mark.exited = step.closed, step.settled, step.exited

            _show(final_observation[lane, env], features, bar, account, scales[lane], half_held)
            if step.terminated or step.truncated:
                bar = starts[lane, env]
                last_bars[lane, env] = ends[lane, env]
                renew(account)
            bars[lane, env] = bar
            _show(observation[lane, env], features, bar, account, scales[lane], half_held)
