"""Forms of a column in which it may tell something about later bars."""

import numpy as np

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.lagged_regressors import lagged, standardized

_BINS = 8
_FEW = 12  # distinct values, each of which has a regressor
_TINY = 1e-9  # of the close; a smaller value counts as this one in logarithms
_LINEAR = 0.9  # correlation with the log price
_MOVEMENTS = (1, 24)  # bars of the returns whose signs are used
_PRICE_LIKE = 0.25  # distance of ln(value / close) from 0, for nine of ten values


def column_forms(values: FloatArray, bars: Bars) -> FloatArray:
    """Regressors [bar, regressor] of a column: the value, its change, and its distance from the close.

    Each has three kinds: clipped, as a rank, and in eight bins of equal size (a column with few values: one for each
    value), so that relations need not be linear. The distance from the close is used for columns like a price, or a
    linear function of its logarithm. The ranks of the value times the sign of the last return, and times that of the
    return over 24 bars, are for columns that tell whether a movement continues.

    Args:
        values: The column, [bar], finite.
        bars: The bars.
    """
    forms = [values, np.nan_to_num(values - lagged(values, 1), nan=0.0)]
    if (distance := _distance(values, bars)) is not None:
        forms.append(distance)
    log_close = np.log(bars.close)
    rank = standardized(_ranks(values)[:, None])
    signs = [np.nan_to_num(np.sign(log_close - lagged(log_close, each)), nan=0.0) for each in _MOVEMENTS]
    return np.column_stack([*map(_kinds, forms), *(rank * sign[:, None] for sign in signs)])


def _distance(values: FloatArray, bars: Bars) -> FloatArray | None:
    """Distance of a price, or of a linear function of a log price, from the close; None for other columns."""
    log_close = np.log(bars.close)
    distance: FloatArray = np.log(np.maximum(values, _TINY * bars.close) / bars.close)
    if np.quantile(np.abs(distance), 0.9) < _PRICE_LIKE:
        return distance
    if not (values.std() > 0 and log_close.std() > 0):
        return None
    correlation = float(np.corrcoef(values, log_close)[0, 1])
    if abs(correlation) < _LINEAR:
        return None
    slope = correlation * values.std() / log_close.std()
    return np.asarray(values - values.mean() - slope * (log_close - log_close.mean()))


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks from 0 to 1; equal values have their mean rank."""
    _, which, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(count) - count / 2)[which] / len(values)
    return ranks


def _kinds(values: FloatArray) -> FloatArray:
    distinct, which, count = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) <= _FEW:
        kept = np.argsort(-count)[1:]  # the most frequent value is the rest
        return standardized((which[:, None] == kept).astype(float)) if len(kept) else np.empty((len(values), 0))
    rank = _ranks(values)
    bins = (rank[:, None] * _BINS).astype(int) == np.arange(1, _BINS)
    return standardized(np.column_stack([values, rank, bins]))
