"""Makes longer bars of ticks or of shorter bars (`data.resample`). Bars begin at multiples of their length in UTC."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray, Reading, ReadingNote, TimeArray
from fxai.spec.fields.feature_config import seconds_of


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows in the order of time, grouped by the bar that they belong to."""

    time: TimeArray  # [bar], opens of the bars, datetime64[ns]
    first: NDArray[np.int64]  # [bar], position of the first row
    last: NDArray[np.int64]  # [bar], position of the last row

    @classmethod
    def of(cls, time: TimeArray, length: np.timedelta64) -> "Groups":
        """The groups of rows at rising times [row]; equal times are allowed."""
        nanoseconds = length.astype("timedelta64[ns]").astype(np.int64)
        opens = time.astype("datetime64[ns]").astype(np.int64) // nanoseconds * nanoseconds
        first = np.flatnonzero(np.append(True, np.diff(opens) != 0))
        return cls(opens[first].astype("datetime64[ns]"), first, np.append(first[1:], len(time)) - 1)

    def highest(self, values: FloatArray) -> FloatArray:
        return np.maximum.reduceat(values, self.first)

    def lowest(self, values: FloatArray) -> FloatArray:
        return np.minimum.reduceat(values, self.first)

    def total(self, values: FloatArray) -> FloatArray:
        return np.add.reduceat(values, self.first)


def length_of(resample: str) -> np.timedelta64:
    """The length that `data.resample` says, such as `5min`."""
    return np.timedelta64(seconds_of(resample), "s")


def resampled(reading: Reading, resample: str | None) -> Reading:
    """Longer bars: first open, highest high, lowest low, last close, sum of the volumes, spread of the first bar.

    A further column has the value of the last bar, and so has an order book; what was traded, cancelled or placed is
    summed. Bars that have the length already are not changed.

    Raises:
        DataError: If the length is no multiple of the length of the bars.
    """
    if resample is None:
        return reading
    bars, length = reading.bars, length_of(resample).astype("timedelta64[ns]")
    step = np.timedelta64(int(np.median(np.diff(bars.time).astype(np.int64))), "ns")
    if step == length:
        return reading
    if length < step or (length % step).astype(np.int64):
        minutes = step / np.timedelta64(1, "m")
        raise DataError(
            f"{bars.name}: data.resample {resample} is no multiple of the bars of {minutes:g} minutes; "
            "change or remove it"
        )
    longer = longer_bars(bars, Groups.of(bars.time, length))
    if len(longer) == 1:
        raise DataError(f"{bars.name}: all bars lie within {resample}; at least two bars are needed")
    note = ReadingNote("resample", f"the {len(bars)} bars of the file were made into bars of {resample}", len(bars))
    return replace(reading, bars=longer, faults=replace(reading.faults, notes=(*reading.faults.notes, note)))


def longer_bars(bars: Bars, groups: Groups) -> Bars:
    """One bar of each group: see `resampled`."""
    return Bars(
        name=bars.name,
        content_hash=bars.content_hash,
        time=groups.time,
        open=bars.open[groups.first],
        high=groups.highest(bars.high),
        low=groups.lowest(bars.low),
        close=bars.close[groups.last],
        volume=None if bars.volume is None else groups.total(bars.volume),
        spread=None if bars.spread is None else bars.spread[groups.first],
        columns={name: each[groups.last] for name, each in bars.columns.items()},
        book={name: _of_book(name, each, groups) for name, each in bars.book.items()},
    )


def _of_book(name: str, values: FloatArray, groups: Groups) -> FloatArray:
    """A column of an order book for each group: the state of the last row, or the sum of what happened."""
    is_state = "_distance_" in name or name.startswith(("bids_notional_", "asks_notional_"))
    return values[groups.last] if is_state else groups.total(values)
