"""Price bars, and the findings of reading them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
TimeArray: TypeAlias = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in the order of time, with distinct times; every array is [bar]."""

    name: str
    content_hash: str  # SHA-256 of the file or frame, or of generated prices
    time: TimeArray  # the bar's open, UTC, datetime64[ns]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray | None = None  # None also if all are zero
    spread: FloatArray | None = None  # full bid-ask spread in units of price
    columns: Mapping[str, FloatArray] = field(default_factory=lambda: MappingProxyType({}))
    """Further columns by name, those of `data.features.columns`. NaN only before the first value of a column."""
    book: Mapping[str, FloatArray] = field(default_factory=lambda: MappingProxyType({}))
    """Columns of an order book that `data.features.order_book` needs, by name, such as `bids_notional_0`."""

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class ReadingNote:
    """Something that reading found, interpreted, changed or dropped; shown by `fxai data describe`."""

    subject: str  # short and stable, such as `time units`
    text: str  # one sentence
    rows: int  # number of rows concerned
    first_rows: tuple[int, ...] = ()  # row numbers in the file of the first ones


@dataclass(frozen=True, slots=True)
class Faults:
    """Corrections and irregularities found while reading."""

    rows_read: int
    duplicates_dropped: int = 0  # rows whose time occurs again; a note says which had other values
    rows_reordered: int = 0  # rows that break the file's order of time
    newest_first: bool = False
    outside_range: int = 0  # bars whose open or close is outside low..high; not changed
    notes: tuple[ReadingNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Bars with the findings of reading them."""

    bars: Bars
    faults: Faults
    columns: Mapping[str, str]  # the file's name of each column that was read
    time_form: str = "generated"  # how the file writes times: `text`, `milliseconds since 1970`
    zone: str | None = None  # `data.timezone` if it was applied; None: the times have a zone, or are in UTC
