"""Levels of order-book snapshots that orders take."""

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray

ASKS, BIDS = 0, 1
"""Sides of the levels: a purchase takes asks, a sale bids."""

_SIDES = (("asks", 1), ("bids", -1))


def book_levels(bars: Bars, levels: int) -> FloatArray | None:
    """Returns the best levels of each side of each bar, [bar, side, level, 2]; None for no levels.

    The last dimension has the distance of the level from the midpoint as a fraction of it, at least 0, and the units
    that rest there.

    Raises:
        DataError: The bars have no order book.
    """
    if levels == 0:
        return None
    if not bars.book:
        raise DataError(
            f"{bars.name}: data.book_levels needs order-book snapshots, and the data have bars; remove it, or name a "
            "file of snapshots as data.source"
        )
    sides = []
    for side, sign in _SIDES:
        distance = np.stack([bars.book[f"{side}_distance_{level}"] for level in range(levels)], axis=1)
        notional = np.stack([bars.book[f"{side}_notional_{level}"] for level in range(levels)], axis=1)
        units = notional / (bars.open[:, None] * (1.0 + distance))
        sides.append(np.stack([sign * distance, units], axis=2))
    return np.stack(sides, axis=1)
