"""Portfolio weights from signals: long the instruments with the best signals, short those with the worst.

Baskets of several dates overlap: with `hold` n, each date begins a basket with 1/n of the capital and ends the one
that began n dates before. So the weights are the mean of the last n baskets, every date counts alike, and nothing
depends on the date of the first basket. Source: the overlapping portfolios of Jegadeesh and Titman (1993), Returns to
Buying Winners and Selling Losers, Journal of Finance 48, p. 65. The FinRL Contest 2024, Task 2, holds three of each
side for three days.
"""

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray
from fxai.spec.fields.basket_config import BasketConfig

_DECIMALS = 14  # of weights; a weight that differs by a rounding error would be traded


def basket_weights(signals: FloatArray, config: BasketConfig) -> FloatArray:
    """The weights that are wanted after the decisions of each date, as fractions of the capital, [date, instrument].

    The first dates hold fewer baskets, and the rest of the capital earns nothing.

    Args:
        signals: [date, instrument], 0 without news.
        config: Size and hold.
    """
    return held_weights(basket_rows(signals, config.size), config.hold)


def basket_rows(signals: FloatArray, size: int) -> FloatArray:
    """The weights of the basket of each date's signals alone, [date, instrument]."""
    return np.stack([_basket(row, size) for row in signals])


def held_weights(rows: FloatArray, hold: int) -> FloatArray:
    """The mean of the last `hold` baskets at each date, [date, instrument]; equal to the bit where it stays."""
    sums = np.cumsum(rows, axis=0)
    sums[hold:] -= sums[:-hold].copy()
    weights: FloatArray = np.round(sums / hold, _DECIMALS)
    return weights


def _basket(signals: FloatArray, size: int) -> FloatArray:
    """The weights of one date's basket, [instrument]; their absolute values sum to at most 1.

    An instrument with the signal 0 is in no basket. If two baskets of others exist, each side has `size` instruments;
    instruments with the same signal at the end of a basket share its last places equally. If not, each instrument is
    held in the direction of its signal, so that one instrument is held with the whole capital.
    """
    given = signals != 0
    share = 1.0 / min(2 * size, len(signals))
    if given.sum() < 2 * size:
        return np.sign(signals) * share
    weights = np.zeros(len(signals))
    weights[given] = (_places(signals[given], size) - _places(-signals[given], size)) * share
    return weights


def _places(signals: FloatArray, size: int) -> FloatArray:
    """The part of a place that each instrument has among the `size` highest signals; the parts sum to `size`."""
    border = np.sort(signals)[-size]
    above: NDArray[np.bool_] = signals > border
    tied: NDArray[np.bool_] = signals == border
    return np.where(tied, (size - above.sum()) / tied.sum(), above.astype(np.float64))
