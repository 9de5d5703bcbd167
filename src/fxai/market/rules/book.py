"""Orders that take the levels of an order book.

An order of units takes the levels of the snapshot at whose midpoint it is filled, the best ones first. All its units
have the mean price of what it takes, also if it closes a trade and opens another one. Units beyond the last level are
filled at the price of the last level. A closing within the bar, or at the end of an episode, takes the levels of the
same snapshot as an order of its own.

As for `rules.py`, numba compiles these functions.
"""

import numpy as np

from fxai.market.markets.book_levels import ASKS, BIDS
from fxai.market.rules.compiled import Array
from fxai.market.rules.rule_records import Account, Quote, Rules
from fxai.market.rules.rules import allowed_target

NO_BOOK = np.zeros((0, 2, 0, 2))
"""Stands for levels if no order takes them, for compiled loops."""


def walked(levels: Array, bar: int, side: int, units: float) -> float:
    """Returns the mean distance from the midpoint of the levels that an order takes, as a fraction of the midpoint.

    Args:
        levels: See `book_levels`.
        bar: The bar.
        side: ASKS for a purchase, BIDS for a sale.
        units: Size of the order, at least 0.
    """
    left, paid, distance = units, 0.0, 0.0
    for level in range(levels.shape[2]):
        distance = levels[bar, side, level, 0]
        taken = min(left, levels[bar, side, level, 1])
        paid += taken * distance
        left -= taken
    return (paid + left * distance) / units if units > 0 else 0.0


def with_book(  # noqa: PLR0917 - numba takes no keywords
    quote: Quote, levels: Array, bar: int, account: Account, rules: Rules, target: float
) -> Quote:
    """Returns the quote of a bar with the moves of the price that the order to `target`, and a later closing, cause."""
    allowed = allowed_target(rules, quote, target, account.position)
    ordered = allowed - account.position
    if allowed * account.position > 0 and account.equity + account.value * quote.gap <= 0:
        ordered = -account.position  # an account without equity closes its trade
    of_order = walked(levels, bar, ASKS if ordered > 0 else BIDS, abs(ordered) * rules.largest_units)
    of_exit = walked(levels, bar, BIDS if allowed > 0 else ASKS, abs(allowed) * rules.largest_units)
    return Quote(
        quote.gap,
        quote.intrabar,
        quote.nights,
        quote.half_spread,
        quote.high,
        quote.low,
        quote.price,
        quote.session,
        of_order,
        of_exit,
    )
