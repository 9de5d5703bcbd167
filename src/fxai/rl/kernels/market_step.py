"""A step of the market's environments; `market/simulator.py` says what is done, `market/reward.py` what it earns.

Each environment is taken through alone, from its order to what its agent sees next, with double precision in
between. Records have fields named as in the configuration, in `account.py` and in `market_step.py`.
"""

from typing import Any, TypeAlias

from fxai.rl.kernels.compiled import Array, compiled

Record: TypeAlias = Any
Number: TypeAlias = Any


def _trade(account: Record, rule: Record, target: float, gap: float, adverse: float) -> tuple[float, ...]:
    """Bring the position to `target` at the open, `adverse` being a fill's move against the trader.

    Its value then, at the open; the change of the equity since the close before; the notional of all fills; the gain
    of the trade that was closed, 0 without one.
    """
    gap_pnl = account.value * gap
    value = account.value + gap_pnl
    if target == account.position:
        return value, gap_pnl, 0.0, 0.0
    skew = adverse if target > account.position else -adverse
    price = 1.0 + skew  # of the fills, over the open
    sold = abs(value) * price
    change = gap_pnl + value * skew - rule.commission_rate * sold
    equity = account.equity + change
    closed_gain = 0.0 if account.position == 0 else equity / account.opening_equity - 1.0
    bought = rule.position_size * max(equity, 0.0) * abs(target)
    value = target * bought / price
    account.opening_equity = equity
    account.best, account.worst, account.held = 0.0, 0.0, 0.0
    return value, change - value * skew - rule.commission_rate * bought, sold + bought, closed_gain


def _mark(account: Record, rule: Record, value: float, change: float, intrabar: float, nights: float) -> float:
    """Pay swap and mark the account at the close; the change of its equity in the whole step."""
    pnl = value * intrabar
    value += pnl
    rate = rule.swap_long_rate if value > 0 else rule.swap_short_rate
    change += pnl - rate * abs(value) * nights
    account.value = value
    account.equity += change
    account.peak = max(account.peak, account.equity)
    account.drawdown = (account.peak - account.equity) / account.peak
    if value == 0:
        account.position = 0.0
        account.gain, account.best, account.worst, account.held = 0.0, 0.0, 0.0, 0.0
    else:
        account.position = 1.0 if value > 0 else -1.0
        account.gain = account.equity / account.opening_equity - 1.0
        account.best, account.worst = max(account.best, account.gain), min(account.worst, account.gain)
        account.held += 1.0
    return change


def _settle(account: Record, rule: Record, adverse: float) -> tuple[float, float]:
    """Close the position at the close; its costs and notional. The account's equity pays, its records stay."""
    value = abs(account.value)
    notional = value * (1.0 - account.position * adverse)
    costs = value * adverse + rule.commission_rate * notional
    account.equity -= costs
    return costs, notional


def _earned_by_state(reward: Record, account: Record) -> Number:
    """The terms that are paid at every step for which a state lasts."""
    overtime = account.held / reward.max_holding_time_steps - 1.0
    given_back = (1.0 - reward.profit_giveback_threshold) * account.best - max(account.gain, 0.0)
    excess = -account.worst - reward.max_drawdown_threshold_percent
    return -(
        reward.holding_penalty_coefficient * max(overtime, 0.0)
        + reward.drawdown_penalty_coefficient * account.drawdown
        + reward.profit_giveback_penalty_coefficient * max(given_back, 0.0)
        + reward.max_drawdown_penalty_coefficient * max(excess, 0.0)
    )


def _earned_by_closing(reward: Record, profit: float, worst: float, held: float) -> Number:
    """The terms of a closed trade: its gain, 0 for a loss, and what its records were before the step."""
    earned = reward.profit_closing_bonus_coefficient * profit
    if profit > reward.min_gain_threshold and -worst <= reward.max_mae_threshold:
        scaled = reward.base_multiplier * profit
        earned += reward.clean_trade_coefficient * scaled / (1.0 + scaled)
    unused = max(1.0 - held / reward.max_holding_time_steps, 0.0)
    return earned + reward.quick_profit_bonus_coefficient * profit * unused


def _earned_by_fills(reward: Record, opened: int, closed: int) -> Number:
    if opened + closed == 0:
        return -reward.hold_penalty_per_step
    return reward.activity_bonus_per_trade * opened - reward.action_penalty_coefficient * (opened + closed)


def _show(seen: Array, window: Array, account: Record, scales: Array, half_held: float) -> None:
    """The observation of a window of rows."""
    seen[:] = window
    own = seen.shape[1] - 4  # the account's columns
    seen[-1, own] = account.position * scales[0]
    seen[-1, own + 1] = account.gain * scales[1]
    seen[-1, own + 2] = account.held / (account.held + half_held) * scales[2]
    seen[-1, own + 3] = account.drawdown * scales[3]


def _renew(account: Record) -> None:
    account.equity, account.peak, account.opening_equity = 1.0, 1.0, 1.0
    account.position, account.value, account.drawdown = 0.0, 0.0, 0.0
    account.gain, account.best, account.worst, account.held = 0.0, 0.0, 0.0, 0.0


@compiled
def market_step(
    quotes: Array,
    rows: Array,
    scales: Array,
    rules: Array,
    rewards: Array,
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
    close_at_end: int,
) -> None:
    """Change the environments' `bars`, `last_bars` and `accounts`, and fill the four arrays after them.

    `quotes` are [bar, 4]; `rows` [row, column] features, and zeros for the account, where what is seen at a bar
    begins at the row of its number. `rules` and `rewards` are [lane], `scales` [lane, 4]. All else leads with
    [lane, env]: actions, the bars `starts` and `ends` of the episode that begins where one ends, the environments,
    what the step gave, observations [lane, env, window, column].
    """
    lanes, envs, window, _ = observation.shape
    for lane in range(lanes):
        rule, reward = rules[lane], rewards[lane]
        for env in range(envs):
            account, figure, mark = accounts[lane, env], figures[lane, env], marks[lane, env]
            bar = bars[lane, env] + 1
            before, was_open = account.equity, account.position != 0
            worst, held = account.worst, account.held

            adverse = rule.adverse_move + quotes[bar, 3]
            target = max(action[lane, env] - 1.0, rule.least_target)
            trades = target != account.position
            value, change, notional, closed_gain = _trade(account, rule, target, quotes[bar, 0], adverse)
            change = _mark(account, rule, value, change, quotes[bar, 1], quotes[bar, 2])
            mark.terminated = account.drawdown >= rule.drawdown_limit
            mark.truncated = bar == last_bars[lane, env] and not mark.terminated
            ended = mark.terminated or mark.truncated
            mark.closed = trades and was_open
            mark.settled = close_at_end and ended and account.position != 0
            figure.settled_gain = 0.0
            if mark.settled:
                costs, left = _settle(account, rule, adverse)
                change -= costs
                notional += left
                figure.settled_gain = account.equity / account.opening_equity - 1.0

            earned = reward.pnl_coefficient * (change / before) + _earned_by_state(reward, account)
            earned += _earned_by_closing(reward, max(closed_gain, 0.0), worst, held)
            earned += _earned_by_fills(reward, trades and account.position != 0, mark.closed)
            if mark.terminated:
                earned -= reward.bankruptcy_penalty_coefficient
            figure.reward, figure.step_return, figure.turnover = earned, change / before, notional / before
            figure.position, figure.equity, figure.closed_gain = account.position, account.equity, closed_gain

            _show(final_observation[lane, env], rows[bar : bar + window], account, scales[lane], half_held)
            if ended:
                bar = starts[lane, env]
                last_bars[lane, env] = ends[lane, env]
                _renew(account)
            bars[lane, env] = bar
            _show(observation[lane, env], rows[bar : bar + window], account, scales[lane], half_held)
