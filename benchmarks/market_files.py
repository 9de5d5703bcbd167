"""Markets of the benchmarks that are no named data set, and files of them, which `data.source` may name."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

from fxai.market.bars import Bars
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig
from planted_searches import student, volatility

_VOLATILITY = 1e-3  # of one bar's log return, similar to one hour of EURUSD


def weak_pattern(seed: int, bars: int, strength: float) -> Bars:
    """Log returns whose consecutive values are correlated by `strength`, with clustered volatility and fat tails."""
    rng = np.random.default_rng(seed)
    shocks = _VOLATILITY * volatility(rng, bars) * student(rng, bars)
    return _bars_of(f"weak-{seed}", lfilter([1.0], [1.0, -strength], shocks))


def turning_pattern(seed: int, bars: int, turn: int) -> Bars:
    """`synthetic_market`, whose pattern has the opposite sign from the bar `turn` on."""
    before = np.diff(np.log(synthetic_market(seed, turn + 1).close))
    after = np.diff(np.log(synthetic_market(seed + 1_000_000, bars - turn + 1).close))
    # A change of sign of every second return changes the sign of the correlation of consecutive returns.
    return _bars_of(f"turning-{seed}", np.concatenate([before, after * (-1.0) ** np.arange(len(after))]))


def stretches(path: Path, length: int) -> list[Bars]:
    """Consecutive stretches of a file of bars; remaining bars at the end are left out."""
    whole = load_bars(DataConfig(source=str(path)))
    cuts = [slice(start, start + length) for start in range(0, len(whole) - length + 1, length)]
    return [_part(whole, cut, f"{path.stem}-{place}") for place, cut in enumerate(cuts)]


def write_bars(bars: Bars, folder: Path) -> Path:
    """Write bars without volume and spread as a file."""
    path = folder / f"{bars.name.replace(':', '-')}.csv"
    columns = {"time": bars.time, "open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close}
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def _bars_of(name: str, returns: NDArray[np.float64]) -> Bars:
    """Hourly bars without gaps and wicks, of these log returns."""
    close = np.exp(np.cumsum(returns))
    opening = np.concatenate([[1.0], close[:-1]])
    times = synthetic_market(0, len(returns)).time
    return Bars(name, "", times, opening, np.maximum(opening, close), np.minimum(opening, close), close)


def _part(bars: Bars, cut: slice, name: str) -> Bars:
    return Bars(name, "", bars.time[cut], bars.open[cut], bars.high[cut], bars.low[cut], bars.close[cut])
