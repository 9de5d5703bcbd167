"""Order books whose imbalance predicts the moves of the midpoint, and the trades that gain most on them.

A signal x is an AR(1) process with the standard deviation 1. The imbalance of the best three levels is tanh(x); the
sizes of single levels are random shares of these sums, and the further levels are independent of the signal. The log
return of the midpoint to the next snapshot is VOLATILITY (STRENGTH x + sqrt(1 - STRENGTH^2) e) with a normal e.

An order that follows from snapshot t is filled at the midpoint of snapshot t + 1, after the move that the imbalance
predicts best. The position earns the move to snapshot t + 2, whose mean is VOLATILITY STRENGTH PERSISTENCE x[t].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

LEVELS = 5
PLANTED_DEPTH = 3  # levels over which the imbalance predicts the next move
PERSISTENCE = 0.9  # correlation of the signal at consecutive snapshots
STRENGTH = 0.5  # correlation of the signal with the next move
VOLATILITY = 5e-4  # of the log return from one snapshot to the next
HALF_SPREAD = 5e-5  # as a fraction of the midpoint
FEES: Mapping[str, float] = {"slippage_rate": 1e-5, "commission_rate": 2e-5}
COST = HALF_SPREAD + sum(FEES.values())  # of a fill, as a fraction of its notional

_START, _MINUTE = np.datetime64("2024-01-01T00:00", "s"), np.timedelta64(60, "s")
_LEVEL_DISTANCE = 2e-5
_POSITIONS, _FLAT = np.array([-1.0, 0.0, 1.0]), 1
_GRID = np.linspace(-4.0, 4.0, 81)  # values of the signal
_ROUNDS = 400  # of value iteration; the signal forgets its value in tens of snapshots

Floats = NDArray[np.float64]


def write_book(path: Path, seed: int, rows: int, *, shuffled: bool = False) -> Floats:
    """Write a file of snapshots of one minute in the layout of the FinRL Contest 2024, Task 1. Returns the signal.

    Args:
        path: CSV file.
        seed: Of the random numbers.
        rows: Number of snapshots.
        shuffled: Whether the moves of the midpoint are in random order and without drift. The books stay the same, so
            they predict nothing.
    """
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=rows) * np.sqrt(1 - PERSISTENCE**2)
    shocks[0] = rng.normal()
    signal: Floats = lfilter([1.0], [1.0, -PERSISTENCE], shocks)
    noise = np.sqrt(1 - STRENGTH**2) * rng.normal(size=rows - 1)
    moves = VOLATILITY * (STRENGTH * signal[:-1] + noise)
    books = _books(signal, rng)
    if shuffled:
        moves = rng.permutation(moves - moves.mean())
    midpoint = 50_000.0 * np.exp(np.append(0.0, np.cumsum(moves)))
    traded = {name: rng.exponential(20_000.0, rows) for name in ("buys", "sells")}
    time = np.datetime_as_string(_START + np.arange(rows) * _MINUTE)
    columns = {"system_time": time, "midpoint": midpoint, "spread": 2 * HALF_SPREAD * midpoint, **traded, **books}
    pd.DataFrame(columns).to_csv(path, float_format="%.10g")
    return signal


def _books(signal: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """The columns of the levels, [row] each."""
    rows, imbalance = len(signal), np.tanh(signal)
    whole = 60_000.0 * np.exp(0.3 * rng.normal(size=rows))
    columns: dict[str, Floats] = {}
    for side, sign in (("bids", 1), ("asks", -1)):
        near = rng.dirichlet(np.full(PLANTED_DEPTH, 2.0), rows) * (whole * (1 + sign * imbalance) / 2)[:, None]
        far = rng.exponential(20_000.0, (rows, LEVELS - PLANTED_DEPTH))
        sizes = {"": np.hstack([near, far])}
        sizes |= {f"{kind}_": rng.exponential(2_000.0, (rows, LEVELS)) for kind in ("cancel", "limit", "market")}
        for level in range(LEVELS):
            distance = HALF_SPREAD + level * _LEVEL_DISTANCE
            columns[f"{side}_distance_{level}"] = np.full(rows, -sign * distance)
            columns |= {f"{side}_{kind}notional_{level}": each[:, level] for kind, each in sizes.items()}
    return columns


@dataclass(frozen=True, slots=True)
class BestPlan:
    """The positions with the greatest expected return after costs, for a trader that knows the signal."""

    wanted: NDArray[np.int64]  # [value of the signal, position held]: index of the next position
    gain: float  # expected return per snapshot after costs

    def positions(self, signal: Floats, begins: NDArray[np.bool_]) -> Floats:
        """Wanted positions [row] over the snapshots; where an episode begins, the account is flat."""
        place = np.abs(signal[:, None] - _GRID).argmin(1)
        held, found = _FLAT, np.empty(len(signal))
        for row, (value, is_first) in enumerate(zip(place, begins, strict=True)):
            held = int(self.wanted[value, _FLAT if is_first else held])
            found[row] = _POSITIONS[held]
        return found


def best_plan() -> BestPlan:
    """The plan by value iteration on a grid of the signal (Puterman 1994, Markov Decision Processes, chapter 8.5)."""
    away = _GRID[None, :] - PERSISTENCE * _GRID[:, None]
    chance = np.exp(-(away**2) / (2 * (1 - PERSISTENCE**2)))
    chance /= chance.sum(1, keepdims=True)
    expected = VOLATILITY * STRENGTH * PERSISTENCE * _GRID[:, None, None] * _POSITIONS
    paid = COST * np.abs(_POSITIONS[:, None] - _POSITIONS)  # [held, wanted]
    value, gain = np.zeros((len(_GRID), len(_POSITIONS))), 0.0
    options = expected - paid
    for _ in range(_ROUNDS):
        options = expected - paid + (chance @ value)[:, None, :]  # [value of the signal, held, wanted]
        value = options.max(2)
        gain = float(value[len(_GRID) // 2, _FLAT])  # this entry was 0 in the round before
        value -= gain
    return BestPlan(options.argmax(2), gain)
