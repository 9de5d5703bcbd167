"""Built-in features of each bar, computed from this bar and earlier bars only."""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fxai.market.bars import Bars, FloatArray
from fxai.spec.fields.feature_config import VOLUME_WINDOW, FeatureConfig

_DAY = np.timedelta64(1, "D")
_WEEK = np.timedelta64(7, "D")
_MONDAY = np.datetime64("1970-01-05", "ns")


def bar_features(bars: Bars, config: FeatureConfig) -> Iterator[tuple[str, FloatArray]]:
    """Yields the built-in features by name, [bar] each; NaN where earlier bars are missing.

    With c the close and r the log return from one close to the next:

    - `return_h`: ln(c[t] / c[t-h])
    - `volatility_w`: square root of the mean of r squared over the last w bars
    - `momentum_w`: ln(c[t] / c[t-w]) / (volatility_w sqrt(w)); 0 where prices did not change
    - `range`: (high - low) / close
    - `close_location`: position of the close in the bar's range, from -1 (low) to 1 (high); 0 without a range
    - `volume`: ln(1 + volume) minus its mean over the 24 bars before
    - `hour_sin`, `hour_cos`, `week_sin`, `week_cos`: the bar's open (UTC) as an angle on the day and on the week
    """
    log_close = np.log(bars.close)
    for horizon in config.return_horizons:
        yield f"return_{horizon}", _change(log_close, horizon)
    for window in config.volatility_windows:
        yield f"volatility_{window}", _volatility(log_close, window)
    for window in config.momentum_windows:
        yield f"momentum_{window}", _momentum(log_close, window)
    if config.bar_range:
        yield "range", (bars.high - bars.low) / bars.close
        yield "close_location", _close_location(bars)
    if config.volume and bars.volume is not None:
        yield "volume", _relative_volume(bars.volume)
    if config.time:
        yield from _cycle("hour", (bars.time - _MONDAY) / _DAY)
        yield from _cycle("week", (bars.time - _MONDAY) / _WEEK)


def _change(values: FloatArray, bars: int) -> FloatArray:
    """Change over a number of bars; NaN if the earlier bar does not exist."""
    change = np.full_like(values, np.nan)
    change[bars:] = values[bars:] - values[:-bars]
    return change


def _trailing_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of the last `window` values.

    Each window is summed separately, because a running sum accumulates rounding errors.
    """
    mean = np.full_like(values, np.nan)
    if len(values) >= window:
        mean[window - 1 :] = sliding_window_view(values, window).mean(axis=1)
    return mean


def _volatility(log_close: FloatArray, window: int) -> FloatArray:
    volatility: FloatArray = np.sqrt(_trailing_mean(_change(log_close, 1) ** 2, window))
    return volatility


def _momentum(log_close: FloatArray, window: int) -> FloatArray:
    expected = _volatility(log_close, window) * np.sqrt(window)
    change = _change(log_close, window)
    momentum: FloatArray = np.divide(
        change, expected, out=np.where(np.isnan(expected), np.nan, 0.0), where=expected > 0
    )
    return momentum


def _close_location(bars: Bars) -> FloatArray:
    width = bars.high - bars.low
    above_low = np.divide(bars.close - bars.low, width, out=np.full_like(width, 0.5), where=width > 0)
    return 2 * above_low - 1


def _relative_volume(volume: FloatArray) -> FloatArray:
    logs = np.log1p(volume)
    before = np.full_like(logs, np.nan)
    before[1:] = _trailing_mean(logs, VOLUME_WINDOW)[:-1]
    return logs - before


def _cycle(name: str, turns: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    yield f"{name}_sin", np.sin(2 * np.pi * turns)
    yield f"{name}_cos", np.cos(2 * np.pi * turns)
