"""Time zones of files: names, fixed offsets, and the clocks of brokers, which are a city's time plus some hours.

The most common clock of MetaTrader is New York+7: its day begins at 17:00 in New York, and changes with New York.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import ReadingNote, TimeArray
from fxai.market.reading.times.cells import Cells

_FIXED = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?")
_AHEAD = re.compile(r"(?P<place>[A-Za-z][A-Za-z_/ ]*[A-Za-z])\s?(?P<hours>[+-]\d{1,2})")
_HALF_DAY = np.timedelta64(12, "h")
_FURTHEST = 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Zone:
    """A clock of a file: the time in a zone, plus a number of hours."""

    name: str
    place: tzinfo
    ahead: np.timedelta64 = np.timedelta64(0, "h")  # noqa: RUF009 - immutable

    @property
    def is_fixed(self) -> bool:
        return isinstance(self.place, timezone) or self.name == "UTC"


def zone_of(name: str) -> Zone:
    """The zone of `data.timezone`: `Europe/Berlin`, `UTC`, `+02:00`, `UTC+3`, `New York`, `New York+7`.

    Raises:
        DataError: If the name is none of these.
    """
    if match := _FIXED.fullmatch(name.strip()):
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        if minutes < _FURTHEST:
            return Zone(name, timezone(timedelta(minutes=minutes if match["sign"] == "+" else -minutes)))
    elif (place := _place(name)) is not None:
        return Zone(name, place)
    elif (match := _AHEAD.fullmatch(name.strip())) and (place := _place(match["place"])) is not None:
        return Zone(name, place, np.timedelta64(int(match["hours"]), "h"))
    raise DataError(
        f"data.timezone {name!r} is not a time zone; write one such as Europe/Berlin, UTC, +02:00 or New York+7"
    )


def _place(name: str) -> ZoneInfo | None:
    """The zone of the time zone database with this name, or of the city with this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    city = name.strip().replace(" ", "_").lower()
    found = sorted(each for each in available_timezones() if each.lower().split("/")[-1] == city and "/" in each)
    return ZoneInfo(found[0]) if found else None


def clock_of(time: TimeArray, zone: Zone) -> TimeArray:
    """Times [bar] in UTC as the clock of a zone shows them, datetime64[ns]."""
    moments = pd.DatetimeIndex(time).tz_localize("UTC").tz_convert(zone.place)
    shown: TimeArray = (moments.tz_localize(None) + pd.Timedelta(zone.ahead)).to_numpy().astype("datetime64[ns]")
    return shown


def utc_or_nat(naive: TimeArray, zone: Zone) -> TimeArray:
    """Times of a zone's clock in UTC, datetime64[ns]; NaT if they do not exist, the first one if they occur twice."""
    return _localized(pd.DatetimeIndex(naive - zone.ahead), zone, is_first=True)


def utc_of(naive: TimeArray, zone: Zone, cells: Cells) -> tuple[TimeArray, tuple[ReadingNote, ...]]:
    """Times [row] of a zone's clock in UTC, datetime64[ns], and a note on hours that occur twice.

    When clocks go back, an hour occurs twice. The first of the two is meant until the times of the rows go back.

    Raises:
        DataError: If a time does not exist because clocks go forward, or if times of an hour that occurs twice are in
            disorder; the message has the rows.
    """
    if zone.is_fixed:
        offset = np.timedelta64(zone.place.utcoffset(None) or timedelta(0)) + zone.ahead
        return (naive - offset if offset else naive), ()
    clock = pd.DatetimeIndex(naive - zone.ahead if zone.ahead else naive)
    utc = _converted(clock.tz_localize(zone.place, ambiguous="NaT", nonexistent="NaT"))
    unsettled = np.flatnonzero(np.isnat(utc))  # the few that do not exist, or occur twice
    if not unsettled.size:
        return utc, ()
    first = _localized(clock[unsettled], zone, is_first=True)
    missing = unsettled[np.isnat(first)]
    if missing.size:
        raise cells.refusal(
            int(missing[0]),
            f"does not exist in {zone.name}, where clocks go forward then ({cells.row_names(missing)}); data.timezone "
            "is probably wrong: see docs/how_to/broker_clocks.md",
        )
    second = _localized(clock[unsettled], zone, is_first=False)
    newest_first = bool(naive[0] > naive[-1])
    is_second = np.zeros(len(naive), np.bool_)
    for rows in _groups(naive, unsettled):
        is_second[_second_rows(naive, rows, cells, newest_first=newest_first)] = True
    text = f"an hour that occurs twice in {zone.name} was resolved by the order of rows"
    note = ReadingNote("repeated hours", text, len(unsettled), cells.first_rows(unsettled))
    utc[unsettled] = np.where(is_second[unsettled], second, first)
    return utc, (note,)


def _localized(clock: pd.DatetimeIndex, zone: Zone, *, is_first: bool) -> TimeArray:
    """Times in UTC, with one choice for all hours that occur twice; NaT for times that do not exist."""
    choice = np.full(len(clock), is_first)  # True: summer time
    located = clock.tz_localize(zone.place, ambiguous=choice, nonexistent="NaT")
    return _converted(located)


def _converted(located: pd.DatetimeIndex) -> TimeArray:
    utc: TimeArray = located.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[ns]")
    return utc


def _groups(naive: TimeArray, repeated: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The positions in `repeated` of each change of clocks."""
    days = (naive[repeated] + _HALF_DAY).astype("datetime64[D]")  # clocks change at night, some of them around midnight
    for day in np.unique(days):
        yield repeated[days == day]


def _second_rows(naive: TimeArray, rows: NDArray[np.int64], cells: Cells, *, newest_first: bool) -> NDArray[np.int64]:
    """The positions of those rows of a repeated hour that lie after the change of clocks.

    Args:
        naive: Times of the clock [row].
        rows: Positions of the rows of the hour, rising.
        cells: For messages.
        newest_first: Whether the file begins with the latest time.
    """
    if newest_first:
        rows = rows[::-1]
    times = naive[rows]
    steps = np.diff(times).astype(np.int64)
    back = np.flatnonzero(steps < 0)
    if not back.size and len(times) == 2 and steps[0] == 0:  # noqa: PLR2004 - the hour, twice
        back = np.array([0])
    in_one_place = bool((np.abs(np.diff(rows)) == 1).all())
    is_twice = len(np.unique(times)) < len(times)
    if len(back) > 1 if in_one_place else is_twice:
        raise DataError(
            f"{cells.source}: {cells.row_names(np.sort(rows))} are in an hour that occurs twice when clocks go back, "
            "and not in the order of time; sort the rows, or export in UTC"
        )
    return rows[back[0] + 1 :] if back.size and in_one_place else rows[:0]
