"""Features of the study in study.yaml, made from bars."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def build(bars, period=24):
    """Features of each bar.

    Args:
        bars: Arrays by name: time, open, high, low, close, volume, and the columns of `data.features.columns`.
        period: Number of earlier bars that a value depends on; `data.features.function_window` is the largest one.

    Returns:
        The values of each feature, one for each bar. The first `period` values are not used.
    """
    close, rsi = np.log(bars["close"]), bars["rsi"]
    moves = np.abs(np.diff(close, prepend=close[0]))
    efficiency, turn = np.full(len(close), np.nan), np.full(len(close), np.nan)
    path = sliding_window_view(moves, period)[1:].sum(axis=1)  # of the bars t - period + 1 to t
    efficiency[period:] = (close[period:] - close[:-period]) / np.maximum(path, 1e-12)
    turn[period:] = rsi[period:] - rsi[:-period]
    return {"efficiency": efficiency, "rsi_change": turn}
