"""The rules of trading for one account: what a step from bar to bar does, costs and earns.

These functions are the one source of the rules. `simulator.py` runs them as plain Python. In `rl` numba compiles them
as they stand for training and scoring on a CPU, so they take records and numbers alone. The torch backend of `rl`
states the same rules for GPUs. Tests hold all of them to a ledger in cash, units and prices (`tests/`).

The order of events in the step from bar t to bar t + 1:

1. The agent has seen bars up to the close of t and names a target position: short, flat or long.
2. At the open of t + 1 the account trades if the target differs from the position. Every fill's price
   is the open moved against the trader by half the spread plus slippage; every fill pays commission on
   its notional. A flip is two fills. Opening buys or sells `position_size` times the equity of that
   moment; the units then stay until the trade is closed. An account without equity opens nothing.
3. At the close of t + 1 the account pays swap on its notional for each night between the opens of
   t + 1 and t + 2, since no action can avoid them any more, and is marked at the close itself, without
   spread. The step's return is the equity now over the equity before the step, minus 1.
4. A fall from the equity's peak by `drawdown_limit` terminates the episode; its last step truncates it.
   With `close_at_end` a position still open is then closed at that close, at the usual costs, which
   count in the last step's return and equity. No reward term but the return sees that fill, and
   drawdown and termination are those of the mark before it.

An account keeps its equity and the marked value of its position and moves both by returns, in place of cash, units
and prices: returns lose nothing to float32. All amounts are fractions of the equity that the episode begins with.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from fxai.market.reward import StepFigures, step_reward
from fxai.spec.fields.env_config import EnvConfig, RewardConfig


class Action(IntEnum):
    """What the agent can ask for; the target position is the action minus 1."""

    SHORT = 0
    FLAT = 1
    LONG = 2


class Quote(NamedTuple):
    """What account keeping needs of a bar."""

    gap: float  # open over the close before it, minus 1
    intrabar: float  # close over open, minus 1
    nights: float  # rollovers between the bar's open and the next bar's
    half_spread: float  # fraction of the price; 0 where the market has no spread of its own


class Rules(NamedTuple):
    """The numbers of the configuration that account keeping needs."""

    fixed_adverse_move: float  # slippage, and half of `env.spread` where the market has no spread of its own
    least_target: float  # the lowest position allowed: -1, or 0 without shorts
    position_size: float
    commission_rate: float
    swap_long_rate: float
    swap_short_rate: float
    drawdown_limit: float


@dataclass(slots=True)
class Account:
    """The account of one episode. The rules change it in place."""

    position: float = 0.0  # -1, 0, 1
    value: float = 0.0  # units times close; negative for a short
    equity: float = 1.0
    peak: float = 1.0  # of the equity at closes
    drawdown: float = 0.0  # fall of the equity from its peak, as a fraction of the peak
    opening_equity: float = 1.0  # just before the open trade's first fill; meaningless without one
    gain: float = 0.0  # of the open trade; 0 without one
    best: float = 0.0  # highest gain of the open trade, at least 0
    worst: float = 0.0  # lowest gain of the open trade, at most 0
    held: float = 0.0  # steps


class Fills(NamedTuple):
    """What the fills at a bar's open left."""

    value: float  # of the position, marked at the open
    change: float  # of the equity since the close before
    notional: float  # of all fills
    closed_gain: float  # of the trade that was closed; 0 without one


class EpisodeStep(NamedTuple):
    """What one step of an episode gave."""

    reward: float
    position: float  # held over the step after its fills: -1, 0 or 1
    equity: float  # after the step
    step_return: float  # equity after the step over equity before it, minus 1
    turnover: float  # notional of all fills over the equity before the step
    closed_gain: float  # of the trade that the agent closed, net, over the equity before it was opened; else 0
    settled_gain: float  # of the trade that the end of the episode closed; else 0
    terminated: bool
    truncated: bool
    closed: bool  # by the agent
    settled: bool  # by the end of the episode


def rules_of(config: EnvConfig, *, has_spread: bool) -> Rules:
    """The rules of a configuration on a market with or without a spread of its own."""
    return Rules(
        fixed_adverse_move=config.slippage_rate + (0.0 if has_spread else config.spread / 2),
        least_target=-1.0 if config.allow_short else 0.0,
        position_size=config.position_size,
        commission_rate=config.commission_rate,
        swap_long_rate=config.swap_long_rate,
        swap_short_rate=config.swap_short_rate,
        drawdown_limit=config.drawdown_limit,
    )


def renew(account: Account) -> None:
    """Make the account the one that an episode begins with."""
    account.equity, account.peak, account.opening_equity = 1.0, 1.0, 1.0
    account.position, account.value, account.drawdown = 0.0, 0.0, 0.0
    account.gain, account.best, account.worst, account.held = 0.0, 0.0, 0.0, 0.0


def take_step(  # noqa: PLR0917 - numba takes no keywords
    account: Account,
    rules: Rules,
    reward: RewardConfig,
    quote: Quote,
    action: int,
    is_last: bool,  # noqa: FBT001
    close_at_end: bool,  # noqa: FBT001
) -> EpisodeStep:
    """Take the account through the bar of `quote`; `is_last` says whether it is the last of its episode."""
    before, was_open = account.equity, account.position != 0
    worst, held = account.worst, account.held
    target = max(action - 1.0, rules.least_target)
    trades = target != account.position
    change, notional, closed_gain = advance(account, rules, quote, target)
    terminated = account.drawdown >= rules.drawdown_limit
    truncated = is_last and not terminated
    closed = trades and was_open
    settled = close_at_end and (terminated or truncated) and account.position != 0
    settled_gain = 0.0
    if settled:
        costs, settled_notional = settle(account, rules, quote)
        change -= costs
        notional += settled_notional
        settled_gain = account.equity / account.opening_equity - 1.0
    step_return = change / before
    figures = StepFigures(
        step_return=step_return,
        drawdown=account.drawdown,
        gain=account.gain,
        best=account.best,
        worst=account.worst,
        held=account.held,
        closed_gain=closed_gain,
        closed_worst=worst,
        closed_held=held,
        opened=trades and account.position != 0,
        closed=closed,
        terminated=terminated,
    )
    return EpisodeStep(
        reward=step_reward(figures, reward),
        position=account.position,
        equity=account.equity,
        step_return=step_return,
        turnover=notional / before,
        closed_gain=closed_gain,
        settled_gain=settled_gain,
        terminated=terminated,
        truncated=truncated,
        closed=closed,
        settled=settled,
    )


def advance(account: Account, rules: Rules, quote: Quote, target: float) -> tuple[float, float, float]:
    """Trade to `target` at the open, then mark at the close.

    Returns the change of the equity, the notional of all fills, and the gain of the trade that was closed, 0 without
    one.
    """
    gap_pnl = account.value * quote.gap
    value, change, notional, closed_gain = account.value + gap_pnl, gap_pnl, 0.0, 0.0
    if target != account.position:
        value, change, notional, closed_gain = trade(account, rules, quote, target)
    return mark(account, rules, quote, value, change), notional, closed_gain


def adverse_move(rules: Rules, quote: Quote) -> float:
    """How far a fill's price moves against the trader, as a fraction of the price."""
    return rules.fixed_adverse_move + quote.half_spread


def trade(account: Account, rules: Rules, quote: Quote, target: float) -> Fills:
    """Close the position at the open, if there is one, and open `target` there, unless it is flat."""
    gap_pnl = account.value * quote.gap
    value = account.value + gap_pnl
    adverse = adverse_move(rules, quote)
    skew = adverse if target > account.position else -adverse
    price = 1.0 + skew  # of the fills, over the open
    sold = abs(value) * price
    change = gap_pnl + value * skew - rules.commission_rate * sold
    equity = account.equity + change
    closed_gain = 0.0 if account.position == 0 else equity / account.opening_equity - 1.0
    bought = rules.position_size * max(equity, 0.0) * abs(target)
    opened_value = target * bought / price
    account.opening_equity = equity
    account.best, account.worst, account.held = 0.0, 0.0, 0.0
    change_after = change - opened_value * skew - rules.commission_rate * bought
    return Fills(opened_value, change_after, sold + bought, closed_gain)


def mark(account: Account, rules: Rules, quote: Quote, value: float, change: float) -> float:
    """Pay swap and mark the account at the close; returns the change of its equity in the whole step.

    `value` is that of the position at the open, `change` that of the equity up to and with the fills there.
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
        account.position = 1.0 if closing_value > 0 else -1.0
        account.gain = account.equity / account.opening_equity - 1.0
        account.best, account.worst = max(account.best, account.gain), min(account.worst, account.gain)
        account.held += 1.0
    return whole_change


def settle(account: Account, rules: Rules, quote: Quote) -> tuple[float, float]:
    """Close the position at the close; returns costs and notional. The equity pays, the account's records stay."""
    adverse = adverse_move(rules, quote)
    value = abs(account.value)
    notional = value * (1.0 - account.position * adverse)
    costs = value * adverse + rules.commission_rate * notional
    account.equity -= costs
    return costs, notional
