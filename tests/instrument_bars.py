"""Bars of several instruments for tests: hours that differ between the instruments."""

from pathlib import Path

import numpy as np
import pandas as pd

from fxai.market.bars import Bars
from fxai.market.reading.synthetic_market import synthetic_market

LENGTHS = {"AUD": 900, "EUR": 1000, "JPY": 800}
"""Number of bars by name; each leaves out other hours."""


def instrument_bars(*, volume: bool = False) -> dict[str, Bars]:
    """Bars of three instruments on one thousand hours. AUD and JPY leave out hours, and JPY begins later."""
    hours = pd.date_range("2023-01-02", periods=1000, freq="h").to_numpy().astype("datetime64[ns]")
    left_out = {"AUD": np.arange(0, 1000, 10), "EUR": np.arange(0), "JPY": np.arange(200)}
    found = {}
    for seed, name in enumerate(LENGTHS):
        time = np.delete(hours, left_out[name])
        market = synthetic_market(seed, bars=len(time))
        prices = {each: getattr(market, each) for each in ("open", "high", "low", "close")}
        volumes = np.arange(1.0, len(time) + 1) if volume else None
        found[name] = Bars(name=f"{name}.csv", content_hash=name, time=time, **prices, volume=volumes)
    return found


def frame_of(bars: Bars) -> pd.DataFrame:
    """The bars as a table."""
    columns = {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close")}
    return pd.DataFrame(columns if bars.volume is None else {**columns, "volume": bars.volume})


def write_instruments(folder: Path) -> dict[str, str]:
    """Writes the bars of each instrument to `folder/NAME.csv`. Returns the paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.csv" for name in LENGTHS}
    for name, bars in instrument_bars().items():
        frame_of(bars).to_csv(paths[name], index=False)
    return {name: str(path) for name, path in paths.items()}
