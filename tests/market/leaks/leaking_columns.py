"""Bars and columns for the tests of leaks."""

import numpy as np

from fxai.market.bars import Bars, FloatArray
from fxai.market.reading.synthetic_market import synthetic_market


def small_market(bars: int = 400, seed: int = 3) -> Bars:
    """A generated market with volume and a further array."""
    market = synthetic_market(seed, bars)
    rng = np.random.default_rng(seed)
    times = market.time + np.where(np.arange(bars) >= bars // 2, np.timedelta64(50, "h"), np.timedelta64(0, "h"))
    return Bars(
        market.name,
        market.content_hash,
        times,
        market.open,
        market.high,
        market.low,
        market.close,
        volume=rng.lognormal(size=bars),
        spread=rng.uniform(1e-5, 2e-5, bars),
    )


def log_return(bars: Bars) -> FloatArray:
    """ln(close[t] / close[t-1]); 0 at the first bar."""
    return np.diff(np.log(bars.close), prepend=np.log(bars.close[0]))


def later(values: FloatArray, bars: int = 1) -> FloatArray:
    """The value of a later bar; the last value where it does not exist."""
    return np.concatenate([values[bars:], np.full(min(bars, len(values)), values[-1])])[: len(values)]


def mean_of_last(values: FloatArray, window: int) -> FloatArray:
    """Mean of up to `window` values."""
    return np.array([values[max(0, t + 1 - window) : t + 1].mean() for t in range(len(values))])
