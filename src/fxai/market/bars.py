"""Price bars, and what was found when they were read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
TimeArray: TypeAlias = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in the order of time, no two of one time; every array is [bar]."""

    name: str
    content_hash: str  # SHA-256 of the file or frame they came from, or of the prices where they were generated
    time: TimeArray  # the bar's open, UTC, datetime64[ns]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray | None = None  # None also where the file's are all zero
    spread: FloatArray | None = None  # full bid-ask spread in units of price

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Faults:
    """What reading had to put right, or found odd and left as it was."""

    rows_read: int
    duplicates_dropped: int = 0  # earlier rows of a time that the file holds again further down
    rows_reordered: int = 0  # rows against the file's direction
    newest_first: bool = False
    outside_range: int = 0  # bars whose open or close lies outside low..high; left as they are


@dataclass(frozen=True, slots=True)
class Reading:
    """Bars with the story of their reading."""

    bars: Bars
    faults: Faults
    columns: Mapping[str, str]  # what the file calls each column that was taken
