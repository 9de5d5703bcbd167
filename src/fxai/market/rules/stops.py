"""Stop loss, take profit, margin and the end of a session: where they close a position within a bar.

Stop loss and take profit are distances from the average entry price, as fractions of it. The average is over the fills
that opened and increased the position, with spread and slippage; a fill that decreases the position does not change it.

A level is compared with the prices of the bar, as if it were an order with the broker. If the bar opens at a level or
beyond it, the position is closed at the open. Else a stop loss is hit if the bar's adverse extreme (the low for a long
position, the high for a short one) is at the level or beyond it, and a take profit if the favourable extreme is. The
position is closed at the level. If both are hit after the open, the order of the prices within the bar is not known,
and the stop loss is taken, because it is the worse one. Spread, slippage and commission are those of all fills.

With `leverage`, a position uses a margin of its notional at the current price divided by `leverage`. It is closed at
the price at which the equity is `stop_out_level` times the used margin. This level is a further stop loss: of the two,
the one that is reached first counts.

With `flat_by_close`, a position that is still open in the last bar of a session is closed at the close of that bar. It
pays no swap for the nights after the bar's open.

`rules.py` calls these functions; as there, numba compiles them.
"""

import math
from typing import NamedTuple

from fxai.market.rules.fills import no_fills
from fxai.market.rules.rule_records import LAST_OF_SESSION, Account, Quote, Rules


class Exit(NamedTuple):
    """The closing of a position within a bar."""

    price: float  # divided by the bar's open, before spread and slippage; 0 without an exit
    gain: float  # of the closed trade, as a fraction of the equity before it was opened
    worst: float  # lowest gain of the trade at a bar's close, at most 0
    held: float  # steps of the trade to the last close before


def entry_value_after(account: Account, quote: Quote, value: float, adverse: float) -> float:
    """Returns the number of units times the average entry price, after the fills at the open; negative for a short.

    Args:
        account: The account before the bar.
        quote: The bar.
        value: The value of the position at the open, after the fills.
        adverse: By how much the price of a fill moves against the trader, as a fraction of the price.
    """
    before = no_fills(account, quote).value
    price = 1.0 + adverse if value > 0 else 1.0 - adverse  # of an entry, divided by the open
    if value * before <= 0:
        return value * price
    if value == before:
        return account.entry_value
    if abs(value) > abs(before):
        return account.entry_value + (value - before) * price
    return account.entry_value * (value / before)


def exit_price(rules: Rules, quote: Quote, side: float, entry: float, cover: float) -> float:
    """Returns the price at which the bar closes a position, divided by the open; 0 if it does not.

    Args:
        rules: The rules.
        quote: The bar.
        side: 1 for a long position, -1 for a short one.
        entry: Average entry price divided by the open.
        cover: Equity divided by the notional of the position, both at the open.
    """
    adverse, favourable = (quote.low, quote.high) if side > 0 else (quote.high, quote.low)
    goal = entry * (1.0 + side * rules.take_profit)
    if rules.take_profit > 0 and side * (goal - 1.0) <= 0:
        return 1.0
    stop = stop_level(rules, side, entry, cover)
    if side * (1.0 + adverse - stop) <= 0:
        return side * min(side, side * stop)
    if rules.take_profit > 0 and side * (1.0 + favourable - goal) >= 0:
        return goal
    if rules.flat_by_close != 0 and quote.session == LAST_OF_SESSION:
        return 1.0 + quote.intrabar
    return 0.0


def stop_level(rules: Rules, side: float, entry: float, cover: float) -> float:
    """Returns the price of the stop loss or the stop-out, whichever comes first, divided by the open.

    Without both it is infinitely far away. The arguments are those of `exit_price`.
    """
    level = -side * math.inf
    if rules.stop_loss > 0:
        level = entry * (1.0 - side * rules.stop_loss)
    if rules.stop_out > 0:
        stop_out = (1.0 - side * cover) / (1.0 - side * rules.stop_out)
        level = side * max(side * level, side * stop_out)
    return level
