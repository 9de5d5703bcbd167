"""What the bars up to a bar tell about the next ones: the regressors that a column must improve on."""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fxai.market.bars import Bars, FloatArray, TimeArray

_LAGS = 8  # single returns
_HORIZONS = (12, 24, 48, 120)  # returns, means and volatilities over these bars
WARM_UP = _HORIZONS[-1]  # rows without all regressors
_CLIP = 5.0  # standard deviations
_DAY = np.timedelta64(1, "D")
_SLOTS = 48  # parts of a day, each with a level of volatility of its own
_RANGE_LAGS = 6
_LEAST_RANGE = 1e-5


def lagged_regressors(bars: Bars) -> FloatArray:
    """Regressors [bar, regressor], standardized and clipped at 5 standard deviations; known at the bar's close.

    They are single returns, their signs and sizes; returns, distances from the mean price, places in the range of
    prices and volatilities over 12 to 120 bars; the return since the day and since the week began; the parts of the
    bar; ranges; volumes; the spread; the half hour of the day and the day of the week.
    """
    return standardized(np.column_stack(regressor_columns(bars)))


def regressor_columns(bars: Bars) -> list[FloatArray]:
    """The regressors before standardization, [bar] each. Each row depends on the bars up to it."""
    return [*_price_columns(bars), *_range_columns(bars), *_further_columns(bars), *_time_columns(bars.time)]


def standardized(values: FloatArray) -> FloatArray:
    """Columns with mean 0 and standard deviation 1, clipped at 5; NaN becomes 0, and so do constant columns."""
    mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    deviation[~(deviation > 1e-12 * np.maximum(1.0, np.abs(mean)))] = np.inf
    scaled: FloatArray = np.clip(np.nan_to_num((values - mean) / deviation, nan=0.0), -_CLIP, _CLIP)
    return scaled


def trailing_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of the last `window` values; NaN before there are so many."""
    mean = np.full_like(values, np.nan)
    if len(values) >= window:
        mean[window - 1 :] = sliding_window_view(values, window).mean(axis=1)
    return mean


def lagged(values: FloatArray, bars: int) -> FloatArray:
    """Values of an earlier bar; NaN where it does not exist."""
    shifted = np.full_like(values, np.nan)
    shifted[bars:] = values[: len(values) - bars]
    return shifted


def log_range(bars: Bars) -> FloatArray:
    """Logarithm of (high - low) / close; a width below 0.00001 counts as 0.00001."""
    return np.log(np.maximum((bars.high - bars.low) / bars.close, _LEAST_RANGE))


def _price_columns(bars: Bars) -> Iterator[FloatArray]:
    log_close = np.log(bars.close)
    change = log_close - lagged(log_close, 1)
    for lag in range(_LAGS):
        yield lagged(change, lag)
    for lag in range(2):
        yield np.sign(lagged(change, lag))
        yield lagged(change * np.abs(change), lag)
    for window in _HORIZONS:
        yield log_close - lagged(log_close, window)
        yield log_close - trailing_mean(log_close, window)
        yield _place(bars, window)
        yield np.sqrt(trailing_mean(change**2, window))
    for period in ("datetime64[D]", "datetime64[W]"):
        yield log_close - np.log(bars.open[_first_of(bars.time, period)])
    yield np.log(bars.open) - lagged(log_close, 1)
    yield log_close - np.log(bars.open)
    yield log_close - np.log((bars.high + bars.low) / 2)


def _place(bars: Bars, window: int) -> FloatArray:
    """Place of the close between the lowest low and the highest high of the last bars, 0 to 1."""
    place = np.full_like(bars.close, np.nan)
    if len(bars) >= window:
        low = sliding_window_view(bars.low, window).min(axis=1)
        high = sliding_window_view(bars.high, window).max(axis=1)
        width = np.where(high > low, high - low, np.inf)
        place[window - 1 :] = (bars.close[window - 1 :] - low) / width
    return place


def _first_of(time: TimeArray, period: str) -> np.ndarray:
    """Index of the first bar of each bar's period."""
    _, first, which = np.unique(time.astype(period), return_index=True, return_inverse=True)
    return first[which]


def _range_columns(bars: Bars) -> Iterator[FloatArray]:
    width = log_range(bars)
    for lag in range(_RANGE_LAGS):
        yield lagged(width, lag)
    for window in _HORIZONS:
        yield trailing_mean(width, window)
    for days in (1, 7):
        yield _same_time_before(bars.time, width, days)


def _same_time_before(time: TimeArray, values: FloatArray, days: int) -> FloatArray:
    """Values of the bar after the one that opened so many days before: of the next bar's time of day."""
    index = np.searchsorted(time, time - days * _DAY, side="left") + 1
    before = np.where(index < np.arange(len(time)), values[np.minimum(index, len(values) - 1)], np.nan)
    return before if np.isfinite(before).any() else np.zeros_like(values)


def _further_columns(bars: Bars) -> Iterator[FloatArray]:
    if bars.volume is not None:
        volume = np.log1p(bars.volume)
        for lag in range(3):
            yield lagged(volume, lag)
        for window in _HORIZONS:
            yield volume - trailing_mean(volume, window)
    if bars.spread is not None:
        yield bars.spread / bars.close


def _time_columns(time: TimeArray) -> Iterator[FloatArray]:
    day = time.astype("datetime64[D]")
    slot = ((time - day) / _DAY * _SLOTS).astype(int)
    for each in np.unique(slot)[1:]:
        yield (slot == each).astype(float)
    weekday = (day.astype(int) + 3) % 7
    for each in np.unique(weekday)[1:]:
        yield (weekday == each).astype(float)
