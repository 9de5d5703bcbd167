"""The fills of an account: at a bar's open, and at the close of the last one. `rules.py` describes them.

As for `rules.py`, numba compiles these functions.
"""

from typing import NamedTuple

from fxai.market.rules.rule_records import Account, Quote, Rules


class Fills(NamedTuple):
    """The result of the fills at a bar's open."""

    value: float  # of the position, marked at the open
    change: float  # of the equity since the close before
    notional: float  # of all fills
    closed_gain: float  # of the trade that was closed; 0 without a trade
    closed: bool  # whether a trade was closed


def adverse_move(rules: Rules, quote: Quote) -> float:
    """Returns by how much the price of a fill at the open moves against the trader, as a fraction of the price."""
    return rules.fixed_adverse_move + rules.pays_half_spread * quote.half_spread + quote.order_move


def adverse_exit(rules: Rules, quote: Quote) -> float:
    """As `adverse_move`, of a fill that closes the position later in the bar."""
    return rules.fixed_adverse_move + rules.pays_half_spread * quote.half_spread + quote.exit_move


def no_fills(account: Account, quote: Quote) -> Fills:
    """Returns the position at the open without an order."""
    gap_pnl = account.value * quote.gap
    return Fills(0.0 + (account.value + gap_pnl), 0.0 + gap_pnl, 0.0, 0.0, False)  # in double precision, as other fills


def trade(account: Account, rules: Rules, quote: Quote, target: float) -> Fills:
    """Trades to `target` at the open."""
    is_same_side = target * account.position > 0
    if is_same_side and account.equity + account.value * quote.gap > 0:
        return resize(account, rules, quote, target)
    return reopen(account, rules, quote, 0.0 if is_same_side else target)


def resize(account: Account, rules: Rules, quote: Quote, target: float) -> Fills:
    """Buys or sells the difference to `target` at the open. The trade continues."""
    gap_pnl = account.value * quote.gap
    if rules.units > 0:
        value = target * rules.units * quote.price
    else:
        value = target * rules.position_size * (account.equity + gap_pnl)
    order = value - (account.value + gap_pnl)
    adverse = adverse_move(rules, quote)
    skew = adverse if order > 0 else -adverse
    notional = abs(order) * (1.0 + skew)
    return Fills(value, gap_pnl - abs(order) * adverse - rules.commission_rate * notional, notional, 0.0, False)


def reopen(account: Account, rules: Rules, quote: Quote, target: float) -> Fills:
    """Closes an open position at the open, and opens `target` there unless it is flat."""
    gap_pnl = account.value * quote.gap
    value = account.value + gap_pnl
    adverse = adverse_move(rules, quote)
    skew = adverse if target > account.position else -adverse
    price = 1.0 + skew  # of the fills, divided by the open
    sold = abs(value) * price
    change = gap_pnl + value * skew - rules.commission_rate * sold
    equity = account.equity + change
    closes = account.position != 0
    closed_gain = equity / account.opening_equity - 1.0 if closes else 0.0
    if rules.units > 0:
        opened_value = target * rules.units * quote.price if equity > 0 else 0.0
        bought = abs(opened_value) * price
    else:
        whole = rules.position_size * max(equity, 0.0)  # notional of a target of 1
        bought = whole * abs(target)
        opened_value = target * whole / price
    account.opening_equity = equity
    account.best, account.worst, account.held = 0.0, 0.0, 0.0
    change_after = change - opened_value * skew - rules.commission_rate * bought
    return Fills(opened_value, change_after, sold + bought, closed_gain, closes)


def settle(account: Account, rules: Rules, quote: Quote) -> tuple[float, float]:
    """Closes the position at the close. Returns costs and notional.

    The costs reduce the equity. The other fields of the account are not changed.
    """
    adverse = adverse_exit(rules, quote)
    value = abs(account.value)
    notional = value * (1.0 - (adverse if account.value > 0 else -adverse))
    costs = value * adverse + rules.commission_rate * notional
    account.equity -= costs
    return costs, notional
