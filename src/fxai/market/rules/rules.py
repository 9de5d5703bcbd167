"""The rules of trading for one account: fills, costs and marks of a step from one bar to the next.

`simulator.py` runs these functions as Python. In `rl` numba compiles them for training and scoring on a CPU, so their
arguments are records and numbers only. The torch backend of `rl` implements the same rules for GPUs. Tests compare all
of them with a ledger in cash, units and prices (`tests/`).

The order of events in the step from bar t to bar t + 1:

1. The agent observes bars up to the close of t and chooses a target position, one of `env.positions`: by default
   short (-1), flat (0) or long (1). With `actions: increment` it chooses the next position of this list below or above
   the present one, or none.
2. At the open of t + 1 the account trades if the target differs from the position, which is the target of the last
   trade. The price of a fill is the open, moved against the trader by half the spread plus slippage. Every fill pays
   commission on its notional.
   - From flat, the account opens a trade. Its notional at the price of the fill is the target times `position_size`
     times the equity.
   - To flat, it closes the trade. To the other side, it closes the trade and opens the next one: two fills.
   - To another size on the same side, it resizes the trade by one fill. The value of the position at the open,
     without spread, becomes the target times `position_size` times the equity before the fill. Only the difference
     is traded. The trade continues: its equity at the opening, best, worst and held are kept.
   The number of units is constant until the target changes. An account without equity opens no position, and closes
   the trade that it would resize.
   In a bar outside the sessions, an order opens and increases nothing; it only closes or decreases the position.
   With `sizing: units` a position of 1 is `max_position` units in place of `position_size` times the equity, and the
   equity at the start of an episode is `initial_cash`. With `fill: mid_with_slippage` no fill pays a spread. With
   `fill: walk_the_book` the levels of an order book move the price of a fill (`book.py`).
   With `leverage`, a target whose notional exceeds `leverage` times the equity is cut to that size.
3. A stop loss, a take profit or the margin may close the position within the bar, and with `flat_by_close` the end of
   a session closes it at the close of the session's last bar (`stops.py`). The account is then flat until the open of
   t + 2, where the agent's next target is an order, also if it is the same as before.
4. At the close of t + 1 the account pays swap on its notional for each night between the opens of t + 1 and t + 2,
   because no later action can avoid them, and is marked at the close without spread. The return of the step is the
   equity divided by the equity before the step, minus 1.
5. A drawdown of `drawdown_limit` from the equity's peak terminates the episode; its last step truncates it. With
   `close_at_end` an open position is then closed at that close, at the usual costs, which are part of the last step's
   return and equity. This fill changes only the return among the reward terms; drawdown and termination are those of
   the mark before it.

An account has its equity and the marked value of its position instead of cash, units and prices, and both are updated
by returns, which are accurate in float32. All amounts are fractions of the equity at the start of the episode.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from fxai.market.rules.compiled import Array
from fxai.market.rules.fills import Fills, adverse_exit, adverse_move, no_fills, settle, trade
from fxai.market.rules.reward import StepFigures, step_reward
from fxai.market.rules.rule_records import HOLD, OUT_OF_SESSION, Account, Quote, Rules
from fxai.market.rules.stops import Exit, entry_value_after, exit_price
from fxai.spec.fields.env_config import EnvConfig, RewardConfig


class Action(IntEnum):
    """The actions of an agent; the target position is the action minus 1."""

    SHORT = 0
    FLAT = 1
    LONG = 2


class Start(NamedTuple):
    """The account before a bar."""

    equity: float
    is_open: bool
    worst: float
    held: float


class Progress(NamedTuple):
    """The result of one bar for the account."""

    change: float  # of the equity
    notional: float  # of all fills
    closed_gain: float  # of the trade that the agent closed; 0 without a trade
    closed: bool  # by the agent
    position: float  # after the fills at the open
    exit: Exit


class EpisodeStep(NamedTuple):
    """The result of one step of an episode."""

    reward: float
    position: float  # after the fills at the open, as a fraction of the largest position
    equity: float  # after the step
    step_return: float  # equity after the step divided by equity before it, minus 1
    turnover: float  # notional of all fills divided by the equity before the step
    closed_gain: (
        float  # net gain of the trade that the agent closed, as a fraction of the equity before it was opened; else 0
    )
    settled_gain: float  # of the trade that the end of the episode closed; else 0
    exit_gain: float  # of the trade that was closed within the bar; else 0
    exit_price: float  # of that trade, divided by the open, before spread and slippage; else 0
    terminated: bool
    truncated: bool
    closed: bool  # by the agent
    settled: bool  # by the end of the episode
    exited: bool  # closed within the bar: by a stop loss, a take profit, the margin or the end of a session


def rules_of(config: EnvConfig, *, has_spread: bool, instrument: str = "") -> Rules:
    """Returns the rules of a configuration.

    Args:
        config: The configuration.
        has_spread: Whether the market has a spread for each bar.
        instrument: The name of the market's instrument, which may have costs of its own; empty without a name.
    """
    config = config.of_instrument(instrument)
    pays_spread = config.fill == "open"
    return Rules(
        fixed_adverse_move=config.slippage_rate + (config.spread / 2 if pays_spread and not has_spread else 0.0),
        pays_half_spread=float(pays_spread),
        least_target=max(-1.0, -config.largest_target) if config.allow_short else 0.0,
        largest_target=config.largest_target,
        position_size=config.position_size,
        largest_units=config.max_position if config.fill == "walk_the_book" else 0.0,
        units=config.max_position / config.initial_cash if config.sizing == "units" else 0.0,
        commission_rate=config.commission_rate,
        swap_long_rate=config.swap_long_rate,
        swap_short_rate=config.swap_short_rate,
        drawdown_limit=config.drawdown_limit,
        stop_loss=config.stop_loss or 0.0,
        take_profit=config.take_profit or 0.0,
        stop_out=config.stop_out_level / config.leverage if config.leverage else 0.0,
        flat_by_close=float(config.flat_by_close),
        exits_within_bars=float(config.exits_within_bars),
    )


def renew(account: Account) -> None:
    """Resets the account to the start of an episode."""
    account.equity, account.peak, account.opening_equity = 1.0, 1.0, 1.0
    account.position, account.value, account.drawdown = 0.0, 0.0, 0.0
    account.gain, account.best, account.worst, account.held = 0.0, 0.0, 0.0, 0.0
    account.entry_value = 0.0


def take_step(  # noqa: PLR0917 - numba takes no keywords
    account: Account,
    rules: Rules,
    reward: RewardConfig,
    quote: Quote,
    target: float,
    is_last: bool,  # noqa: FBT001
    close_at_end: bool,  # noqa: FBT001
) -> EpisodeStep:
    """Trades and marks the account in the bar of `quote`.

    Args:
        account: The account, which is changed.
        rules: The rules.
        reward: The coefficients of the reward.
        quote: The bar.
        target: The agent's target position.
        is_last: Whether the bar is the last of the episode.
        close_at_end: Whether a position that is open at the end of the episode is closed.
    """
    start = Start(account.equity, account.position != 0, account.worst, account.held)
    allowed = allowed_target(rules, quote, target, account.position)
    trades = allowed != account.position
    progress = advance(account, rules, quote, allowed)
    return _ended_bar(account, rules, reward, quote, start, progress, trades, is_last, close_at_end)


def hold_step(  # noqa: PLR0917
    account: Account,
    rules: Rules,
    reward: RewardConfig,
    quote: Quote,
    is_last: bool,  # noqa: FBT001
    close_at_end: bool,  # noqa: FBT001
) -> EpisodeStep:
    """As `take_step` with the position as target. It is shorter, for the bars of a step after the first."""
    start = Start(account.equity, account.position != 0, account.worst, account.held)
    progress = close_bar(account, rules, quote, no_fills(account, quote))
    return _ended_bar(account, rules, reward, quote, start, progress, False, is_last, close_at_end)


def _ended_bar(  # noqa: PLR0917
    account: Account,
    rules: Rules,
    reward: RewardConfig,
    quote: Quote,
    start: Start,
    progress: Progress,
    trades: bool,  # noqa: FBT001
    is_last: bool,  # noqa: FBT001
    close_at_end: bool,  # noqa: FBT001
) -> EpisodeStep:
    """Ends the episode where a rule does, and returns the numbers of the bar.

    Args:
        account: The account after the bar; closing the position at the end changes it.
        rules: The rules.
        reward: The coefficients of the reward.
        quote: The bar.
        start: The account before the bar.
        progress: The result of the bar for the account.
        trades: Whether there was an order at the open.
        is_last: As for `take_step`.
        close_at_end: As for `take_step`.
    """
    change, notional, closed_gain, closed, position, exit_ = progress
    terminated = account.drawdown >= rules.drawdown_limit
    truncated = is_last and not terminated
    resized = trades and start.is_open and not closed
    settled = close_at_end and (terminated or truncated) and account.position != 0
    settled_gain = 0.0
    if settled:
        costs, settled_notional = settle(account, rules, quote)
        change -= costs
        notional += settled_notional
        settled_gain = account.equity / account.opening_equity - 1.0
    step_return = change / start.equity
    figures = StepFigures(
        step_return=step_return,
        drawdown=account.drawdown,
        gain=account.gain,
        best=account.best,
        worst=account.worst,
        held=account.held,
        closed_gain=closed_gain,
        closed_worst=start.worst,
        closed_held=start.held,
        opened=trades and position != 0 and not resized,
        closed=closed,
        resized=resized,
        terminated=terminated,
        exit=exit_,
    )
    return EpisodeStep(
        reward=step_reward(figures, reward),
        position=position,
        equity=account.equity,
        step_return=step_return,
        turnover=notional / start.equity,
        closed_gain=closed_gain,
        settled_gain=settled_gain,
        exit_gain=exit_.gain,
        exit_price=exit_.price,
        terminated=terminated,
        truncated=truncated,
        closed=closed,
        settled=settled,
        exited=exit_.price != 0,
    )


def target_of(
    action: int,
    increments: bool,  # noqa: FBT001
    targets: Sequence[float] | Array,
    position: float,
) -> float:
    """Returns the target position of an action.

    Args:
        action: An index of `targets`; with `increments` 0 to sell one step, 1 to hold, 2 to buy one step. HOLD holds.
        increments: Whether an action is a step.
        targets: The target positions, in increasing order.
        position: The present position.
    """
    if action == HOLD:
        return position
    if increments:
        return one_step(action - 1, targets, position)
    return targets[action]


def one_step(step: int, targets: Sequence[float] | Array, position: float) -> float:
    """Returns the next target position above (step 1) or below (-1) a position, or the position if there is none."""
    above = below = position
    for place in range(len(targets)):  # no early return: the processor cannot predict where it is
        below = targets[place] if targets[place] < position else below
    for place in range(len(targets) - 1, -1, -1):
        above = targets[place] if targets[place] > position else above
    return above if step > 0 else below if step < 0 else position


def allowed_target(rules: Rules, quote: Quote, target: float, position: float) -> float:
    """Returns the target within the limits of positions and, outside the sessions, what closes or decreases."""
    allowed = min(max(target, rules.least_target), rules.largest_target)
    if quote.session == OUT_OF_SESSION:
        return without_opening(allowed, position)
    return allowed


def without_opening(target: float, position: float) -> float:
    """Returns the part of an order that opens and increases nothing: between 0 and the position."""
    if position > 0:
        return min(max(target, 0.0), position)
    return max(min(target, 0.0), position)


def advance(account: Account, rules: Rules, quote: Quote, target: float) -> Progress:
    """Trades to `target` at the open, closes the position within the bar where a rule does, and marks the account."""
    fills = no_fills(account, quote)
    if target != account.position:
        fills = trade(account, rules, quote, target)
        account.position = target
    return close_bar(account, rules, quote, fills)


def close_bar(account: Account, rules: Rules, quote: Quote, fills: Fills) -> Progress:
    """Closes the position within the bar where a rule does, and marks the account."""
    value, change, notional, closed_gain, closed = fills
    position = account.position if value != 0 else 0.0
    price, exit_gain = 0.0, 0.0
    if rules.exits_within_bars != 0 and value != 0:
        account.entry_value = entry_value_after(account, quote, value, adverse_move(rules, quote))
        side = 1.0 if value > 0 else -1.0
        price = exit_price(rules, quote, side, account.entry_value / value, (account.equity + change) / abs(value))
        if price != 0:
            fill = price * (1.0 - side * adverse_exit(rules, quote))
            sold = abs(value) * fill
            change += value * (fill - 1.0) - rules.commission_rate * sold
            notional += sold
            exit_gain = (account.equity + change) / account.opening_equity - 1.0
            value = 0.0
    exit_ = Exit(price, exit_gain, account.worst, account.held)
    whole_change = mark(account, rules, quote, value, change)
    return Progress(whole_change, notional, closed_gain, closed, position, exit_)


def mark(account: Account, rules: Rules, quote: Quote, value: float, change: float) -> float:
    """Pays swap and marks the account at the close. Returns the change of the equity in the step.

    Args:
        account: The account, which is changed.
        rules: The rules.
        quote: The bar.
        value: The value of the position at the open, after fills.
        change: The change of the equity up to the open, with the costs of the fills.
    """
    pnl = value * quote.intrabar
    closing_value = value + pnl
    rate = rules.swap_long_rate if closing_value > 0 else rules.swap_short_rate
    whole_change = change + (pnl - rate * abs(closing_value) * quote.nights)
    account.value = closing_value
    account.equity += whole_change
    account.peak = max(account.peak, account.equity)
    account.drawdown = (account.peak - account.equity) / account.peak
    if closing_value == 0:
        account.position = 0.0
        account.gain, account.best, account.worst, account.held = 0.0, 0.0, 0.0, 0.0
    else:
        account.gain = account.equity / account.opening_equity - 1.0
        account.best, account.worst = max(account.best, account.gain), min(account.worst, account.gain)
        account.held += 1.0
    return whole_change
