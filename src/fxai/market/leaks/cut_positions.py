"""Bars after which data are cut or changed, drawn with a fixed seed."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from fxai.market.bars import TimeArray
from fxai.market.timestamps.calendar import bar_length

_EARLY = (2, 8, 32, 128, 512)  # few bars, which cost little; windows that are filled backwards end here
_SPREAD = 10  # positions spread over the bars
_FEWEST = 20  # bars; with fewer, each bar is a position
_SEED = 21


def cut_positions(time: TimeArray) -> tuple[int, ...]:
    """Indices of last bars that are kept, in ascending order; each leaves at least one later bar.

    They are early bars, one random bar in each tenth of the data, the last and the second bar of a day, the last bar
    before a long gap such as a weekend, and the last bar but one.
    """
    count = len(time)
    if count < _FEWEST:
        return tuple(range(count - 1))
    rng = np.random.default_rng(_SEED)
    edges = np.linspace(0, count - 1, _SPREAD + 1).astype(int)
    spread = [int(rng.integers(low, max(low + 1, high))) for low, high in pairwise(edges)]
    return _valid([*_EARLY, *spread, *_borders(time, rng), count - 2], count)


def changed_positions(positions: tuple[int, ...], most: int = 6) -> tuple[int, ...]:
    """Some of the cut positions, evenly chosen, after which bars are changed rather than left out."""
    chosen = np.linspace(0, len(positions) - 1, min(most, len(positions))).astype(int)
    return tuple(sorted({positions[index] for index in chosen}))


def _borders(time: TimeArray, rng: np.random.Generator) -> list[int]:
    """The last and the second bar of a day, and the last bar before a gap of two bars or more."""
    days = time.astype("datetime64[D]")
    starts = np.flatnonzero(days[1:] != days[:-1])  # the last bar of each day
    gaps = np.flatnonzero(np.diff(time) > 2 * bar_length(time))
    found = []
    if len(starts):
        found += [int(rng.choice(starts)), int(rng.choice(starts)) + 2]
    if len(gaps):
        found.append(int(rng.choice(gaps)))
    return found


def _valid(positions: Iterable[int], count: int) -> tuple[int, ...]:
    return tuple(sorted({each for each in positions if 0 <= each < count - 1}))
