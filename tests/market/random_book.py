"""Random order-book snapshots in the layout of the FinRL Contest 2024, for tests."""

import numpy as np
import pandas as pd

SIDES = ("bids", "asks")


def random_book(rows: int = 300, levels: int = 3, seed: int = 0) -> pd.DataFrame:
    """Snapshots of one minute: prices on a grid of 0.01, of which the best often stay, and some empty best levels."""
    rng = np.random.default_rng(seed)
    tick = 0.01
    best_bid = 5000 + np.cumsum(rng.integers(-3, 4, rows) * rng.integers(0, 2, rows))  # in ticks
    best_ask = best_bid + rng.integers(1, 5, rows)
    middle = (best_bid + best_ask) / 2 * tick
    columns = {
        "system_time": pd.date_range("2024-01-01", periods=rows, freq="min", tz="UTC").astype(str),
        "midpoint": middle,
        "spread": (best_ask - best_bid) * tick,
        "buys": rng.exponential(1000, rows) * rng.integers(0, 2, rows),
        "sells": rng.exponential(1000, rows) * rng.integers(0, 2, rows),
    }
    for side, best, sign in (("bids", best_bid, -1), ("asks", best_ask, 1)):
        steps = np.cumsum(rng.integers(1, 4, (rows, levels)), axis=1) - 1
        prices = (best[:, None] + sign * (steps - steps[:, :1])) * tick
        for level in range(levels):
            columns[f"{side}_distance_{level}"] = prices[:, level] / middle - 1
        for kind in ("notional", "cancel_notional", "limit_notional", "market_notional"):
            sizes = rng.exponential(5000, (rows, levels)) * (rng.random((rows, levels)) < 0.9)
            for level in range(levels):
                columns[f"{side}_{kind}_{level}"] = sizes[:, level]
    return pd.DataFrame(columns)
