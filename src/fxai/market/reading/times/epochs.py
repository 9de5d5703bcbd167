"""Times that are whole numbers of seconds, milliseconds, microseconds or nanoseconds since 1970."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import ReadingNote
from fxai.market.reading.times.cells import Cells
from fxai.market.reading.times.moments import Moments, latest


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of time since 1970."""

    name: str
    code: str  # numpy's
    nanoseconds: int


UNITS = (
    Unit("seconds", "s", 10**9),
    Unit("milliseconds", "ms", 10**6),
    Unit("microseconds", "us", 10**3),
    Unit("nanoseconds", "ns", 1),
)
_YEAR = 31_536_000  # seconds from 1970 to 1971
# From 1971 on, the ranges of the four units do not overlap until 2969: a number has one unit. Below, it has none.
_BOUNDS = np.array([_YEAR * 10**9 // unit.nanoseconds for unit in UNITS], np.int64)
_LONGEST_JOIN = np.timedelta64(31, "D")  # between times in different units, or between 1970 and later times
# Ticks of 100 ns since year 1 (.NET) and since 1601 (Windows), from 1970 to 2035, are nanoseconds of 1990 and 1974.
_TICKS = ((621_355_968 * 10**9, 641_868_192 * 10**9), (116_444_736 * 10**9, 136_956_960 * 10**9))


def units_of(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of each number's unit in `UNITS`; -1 for numbers that are too small for any."""
    return np.searchsorted(_BOUNDS, values, side="right") - 1


def has_units(values: NDArray[np.int64]) -> bool:
    """Whether the largest number of a column has a unit; the smaller ones are checked by `epoch_times`."""
    return bool(values.max() >= _BOUNDS[0])


def whole_minutes(values: NDArray[np.int64]) -> bool:
    """Whether the numbers have one unit and all of their times are whole minutes."""
    units = units_of(np.array([values.min(), values.max()]))
    if units[0] != units[1] or units[0] < 0:
        return False
    return not (values % (60 * 10**9 // UNITS[units[0]].nanoseconds)).any()


def epoch_times(cells: Cells, values: NDArray[np.int64]) -> Moments:
    """Times of numbers [row], each in the unit that it has beyond doubt.

    Raises:
        DataError: If a number has no unit, or its time is far from the others; the message has the row.
    """
    low, high = units_of(np.array([values.min(), values.max()]))
    if low == high >= 0:
        unit = UNITS[low]
        if unit.code == "ns":
            _refuse_ticks(cells, values)
        return in_unit(values, unit)
    return _by_value(cells, values)


def in_unit(values: NDArray[np.int64], unit: Unit) -> Moments:
    return Moments(values.astype(f"datetime64[{unit.code}]"), f"{unit.name} since 1970", is_utc=True)


def _refuse_ticks(cells: Cells, values: NDArray[np.int64]) -> None:
    for low, high in _TICKS:
        if low <= values.min() and values.max() < high:
            raise cells.refusal(
                0,
                "may be nanoseconds since 1970 or ticks of .NET or Windows; set data.date_format: nanoseconds, or "
                "write dates such as 2017-01-31 22:00",
            )


def _by_value(cells: Cells, values: NDArray[np.int64]) -> Moments:
    """Times of numbers in several units."""
    units = units_of(values)
    used = np.unique(units[units >= 0])
    small = np.flatnonzero(units < 0)
    if small.size:
        _join_small(cells, values, units, used)
    ends = [int(latest().astype(np.int64)) * 10**9 // UNITS[unit].nanoseconds for unit in used]
    for unit, end in zip(used, ends, strict=True):
        late = np.flatnonzero((units == unit) & (values >= end))
        if late.size:
            raise no_unit(cells, int(late[0]))
    scale = np.array([unit.nanoseconds for unit in UNITS], np.int64)
    time = (values * scale[units]).astype("datetime64[ns]")
    if len(used) == 1:
        return Moments(time, f"{UNITS[used[0]].name} since 1970", is_utc=True)
    _check_joins(cells, time, units)
    form = " and ".join(UNITS[unit].name for unit in used)
    return Moments(time, f"{form} since 1970", is_utc=True, notes=(_units_note(cells, units),))


def _units_note(cells: Cells, units: NDArray[np.int64]) -> ReadingNote:
    """A note on the units of a column, with the rows of the rarest one, or of the later one of two."""
    found, first, counts = np.unique(units, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    *common, last = (f"{UNITS[found[each]].name} in {counts[each]}" for each in order)
    text = f"{cells.column} has {', '.join(common)} rows and {last} others, each converted by its own unit"
    at = np.flatnonzero(units == found[order[-1]])
    return ReadingNote("time units", text, len(at), cells.first_rows(at))


def _join_small(cells: Cells, values: NDArray[np.int64], units: NDArray[np.int64], used: NDArray[np.int64]) -> None:
    """Give the times of 1970, which have no unit of their own, the unit of the column; they must join its times."""
    small = np.flatnonzero(units < 0)
    if len(used) != 1:
        raise no_unit(cells, int(small[np.argmin(values[small])]))
    gap = int(values[units >= 0].min() - values[small].max())
    if gap * UNITS[used[0]].nanoseconds > _LONGEST_JOIN.astype("timedelta64[ns]").astype(np.int64):
        raise no_unit(cells, int(small[0]))
    units[small] = used[0]


def _check_joins(cells: Cells, time: NDArray[np.datetime64], units: NDArray[np.int64]) -> None:
    """Check that in the order of time, neighbours in different units are close to each other."""
    order = np.argsort(time, kind="stable")
    changes = np.flatnonzero(np.diff(units[order]))
    far = changes[np.diff(time[order])[changes] > _LONGEST_JOIN]
    if far.size:
        here, there = int(order[far[0]]), int(order[far[0] + 1])
        raise cells.refusal(
            there,
            f"is {UNITS[units[there]].name} since 1970 by its size, and row {cells.rows[here]}: "
            f"{cells.text(here)!r} is {UNITS[units[here]].name}, at times far apart; write one unit",
        )


def no_unit(cells: Cells, position: int) -> Exception:
    """The error for a number that is no time."""
    return cells.refusal(
        position,
        "is not a date, and not seconds, milliseconds, microseconds or nanoseconds since 1970 of a time up to "
        "tomorrow; correct it, or say what it is by data.date_format, such as '%Y%m%d'",
    )
