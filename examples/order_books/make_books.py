"""Makes order-book snapshots in the layout of the FinRL Contest 2024 (Task 1) from bars of one minute.

This program has made the data set `btcusd_book_1m` from `btcusd_1m`:

    python examples/order_books/make_books.py btcusd_1m books.csv.gz --rows 4320

The prices and the traded notional are those of the bars. Everything else is random, drawn with a fixed seed:

- A snapshot is taken at the close of a bar. Its best bid is the close rounded to the tick. Its best ask is 1 tick
  higher, plus a Poisson number of ticks with the mean 0.05 (high - low) / tick, at most 200 ticks.
- Each further level is 1 tick plus a Poisson number of ticks, with the mean 20, beyond the level before.
- The notional of a level is lognormal, with the median 5,000 and the standard deviation 1 of its logarithm. The
  logarithm of bids / asks at the best level also has a process that falls by a tenth at each snapshot, with noise of
  the standard deviation 0.4. It is independent of the prices, so imbalances predict nothing.
- Buys and sells are the bar's volume times its close. The share of buys is 0.5 + 0.4 (close - open) / (high - low).
  They take place at the best level.
- The notional that was cancelled at a level is lognormal with the median 2,000. The notional of new limit orders is
  what rests at the level plus what was cancelled and traded there.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from fxai.market.bars import Bars
from fxai.market.reading.read_bars import load_bars
from fxai.spec.fields.data_config import DataConfig

TICK = 0.01
MINUTE = np.timedelta64(1, "m")


def books(bars: Bars, levels: int, seed: int) -> pd.DataFrame:
    """Snapshots at the closes of bars, one row each; see the docstring of this program."""
    rng = np.random.default_rng(seed)
    bid, ask = _best(bars, rng)
    middle = (bid + ask) / 2 * TICK
    buys, sells = _traded(bars)
    tilt = _persistent(rng.normal(0.0, 0.4, len(bars)))
    time = np.datetime_as_string(bars.time + MINUTE, unit="s")
    columns: dict[str, object] = {
        "system_time": [f"{each.replace('T', ' ')}+00:00" for each in time],
        "midpoint": np.round(middle, 3),
        "spread": np.round((ask - bid) * TICK, 2),
        "buys": buys,
        "sells": sells,
    }
    for side, best, sign, taken in (("bids", bid, -1, sells), ("asks", ask, 1, buys)):
        steps = np.cumsum(1 + rng.poisson(20.0, (len(bars), levels)), axis=1)
        prices = (best[:, None] + sign * (steps - steps[:, :1])) * TICK
        notional = 5000.0 * np.exp(rng.normal(0.0, 1.0, steps.shape))
        notional[:, 0] *= np.exp(-sign * tilt / 2)
        cancelled = 2000.0 * np.exp(rng.normal(0.0, 1.0, steps.shape))
        market = np.zeros(steps.shape, np.int64)
        market[:, 0] = taken
        sizes = {"": _tens(notional), "cancel_": _tens(cancelled), "market_": market}
        sizes["limit_"] = sizes[""] + sizes["cancel_"] + market
        distance = np.round(prices / middle[:, None] - 1.0, 10)
        columns |= {f"{side}_distance_{level}": distance[:, level] for level in range(levels)}
        for kind in ("", "cancel_", "limit_", "market_"):
            columns |= {f"{side}_{kind}notional_{level}": sizes[kind][:, level] for level in range(levels)}
    return pd.DataFrame(columns)


def _best(bars: Bars, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Best bid and ask of each snapshot, in ticks."""
    mean = np.minimum(0.05 * (bars.high - bars.low) / TICK, 200.0)
    bid = np.rint(bars.close / TICK)
    return bid, bid + 1 + np.minimum(rng.poisson(mean), 200)


def _traded(bars: Bars) -> tuple[np.ndarray, np.ndarray]:
    """Notional of buys and of sells, in whole units of the currency."""
    traded = np.rint(bars.close * (0.0 if bars.volume is None else bars.volume))
    width = np.maximum(bars.high - bars.low, TICK)
    buys = np.rint(traded * (0.5 + 0.4 * (bars.close - bars.open) / width))
    return buys.astype(np.int64), (traded - buys).astype(np.int64)


def _persistent(noise: np.ndarray) -> np.ndarray:
    """A process that falls by a tenth at each step and receives the noise."""
    values = np.zeros_like(noise)
    for row in range(1, len(noise)):
        values[row] = 0.9 * values[row - 1] + noise[row]
    return values


def _tens(notional: np.ndarray) -> np.ndarray:
    """Notionals rounded up to multiples of 10."""
    return (10 * np.ceil(notional / 10)).astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make order-book snapshots from bars of one minute.")
    parser.add_argument("source", help="named data set or file of bars of one minute")
    parser.add_argument("target", type=Path, help="CSV file to write; with .gz it is compressed")
    parser.add_argument("--rows", type=int, default=None, help="number of bars, by default all")
    parser.add_argument("--levels", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    bars = load_bars(DataConfig(source=options.source))
    frame = books(bars, options.levels, options.seed).head(options.rows)
    compression = {"method": "gzip", "mtime": 0} if options.target.suffix == ".gz" else None
    frame.to_csv(options.target, compression=compression, float_format="%.10g")
    print(f"{options.target}: {len(frame)} snapshots of {options.levels} levels")


if __name__ == "__main__":
    main()
