"""Forms of a column in which it may tell something about later bars."""

import numpy as np

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.lagged_regressors import lagged, standardized

_BINS = 8
_FEW = 12  # distinct values, each of which has a regressor
_TINY = 1e-9  # of the close; a smaller value counts as this one in logarithms
_PRICE_LIKE = 0.25  # distance of ln(value / close) from 0, for nine of ten values


def column_forms(values: FloatArray, bars: Bars) -> FloatArray:
    """Regressors [bar, regressor] of a column: the value, its change, and its distance from the close.

    Each has three kinds: clipped, as a rank, and in eight bins of equal size (a column with few values: one for each
    value), so that relations need not be linear. The distance from the close is used for columns like a price.

    Args:
        values: The column, [bar], finite.
        bars: The bars.
    """
    forms = [values, np.nan_to_num(values - lagged(values, 1), nan=0.0)]
    distance = np.log(np.maximum(values, _TINY * bars.close) / bars.close)
    if np.quantile(np.abs(distance), 0.9) < _PRICE_LIKE:
        forms.append(distance)
    return np.column_stack([_kinds(form) for form in forms])


def _kinds(values: FloatArray) -> FloatArray:
    distinct, which, count = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) <= _FEW:
        kept = np.argsort(-count)[1:]  # the most frequent value is the rest
        return standardized((which[:, None] == kept).astype(float)) if len(kept) else np.empty((len(values), 0))
    rank = (np.cumsum(count) - count / 2)[which] / len(values)
    bins = (rank[:, None] * _BINS).astype(int) == np.arange(1, _BINS)
    return standardized(np.column_stack([values, rank, bins]))
