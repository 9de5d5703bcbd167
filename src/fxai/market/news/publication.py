"""The moments at which headlines are known.

A date without a time of day counts as published at the last moment of that day in the file's time zone. A time of
exactly midnight counts so too, because files write a date alone in that way. A headline is never read before it was
published; one of exactly midnight is read a day late.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import ReadingNote, TimeArray
from fxai.market.reading.times.dates import has_year_last, year_last_formats
from fxai.market.reading.times.utc import Times, read_times
from fxai.market.reading.times.zones import clock_of, utc_or_nat, zone_of
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.news_config import NewsConfig

_DAY = np.timedelta64(1, "D")
_MOMENT = np.timedelta64(1, "ns")
_MIDNIGHT = r"(?:^|[ T])00?:00(?::00(?:\.0+)?)?\s*(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d{2})?$"
"""The end of a text of midnight with an offset."""


@dataclass(frozen=True, slots=True, eq=False)
class Publication:
    """When the rows of a table were published."""

    utc: TimeArray  # [row], datetime64[ns]
    dates_alone: NDArray[np.bool_]  # [row], whether the row has a date and no time of day
    notes: tuple[ReadingNote, ...]


def publication_times(table: pd.DataFrame, columns: tuple[str, ...], config: NewsConfig, source: str) -> Publication:
    """The time of each row.

    Args:
        table: Cells of any type, indexed by row number; at least one row.
        columns: Names of the column of the time, or of a date and a time of day.
        config: Time zone and form of the times.
        source: Name in messages.

    Raises:
        DataError: If a time cannot be read beyond doubt, or is not from 1970 to tomorrow; the message has the file,
            the row and the value.
    """
    form = config.date_format if config.day_first is None else _form(table, columns, day_first=config.day_first)
    try:
        times = read_times(table, columns, DataConfig(timezone=config.timezone, date_format=form), source)
    except DataError as error:
        text = str(error).replace("data.timezone", "news.timezone")
        raise DataError(
            text.replace("set data.date_format", _way_out(config)).replace("data.date_format", "news.date_format")
        ) from None
    alone = _dates_alone(times, table, columns)
    utc = times.utc.copy()
    utc[alone] = _end_of_day(utc[alone], times.zone)
    return Publication(utc, alone, times.notes)


def _way_out(config: NewsConfig) -> str:
    return "set news.day_first or news.date_format" if config.day_first is None else "set news.date_format"


def _form(table: pd.DataFrame, columns: tuple[str, ...], *, day_first: bool) -> str | None:
    """The format of the first row with the day or the month first; None if its date has another form."""
    shown = " ".join(str(table[column].iloc[0]).strip() for column in columns)
    if not has_year_last(shown):
        return None
    return year_last_formats(shown)[day_first]


def _dates_alone(times: Times, table: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.bool_]:
    clock = times.utc if times.zone is None else clock_of(times.utc, zone_of(times.zone))
    at_midnight: NDArray[np.bool_] = clock == clock.astype("datetime64[D]")
    if times.zone is not None or len(columns) > 1 or not pd.api.types.is_string_dtype(table[columns[0]]):
        return at_midnight
    with_offset = table[columns[0]].astype(str).str.strip().str.contains(_MIDNIGHT, regex=True)
    return at_midnight | with_offset.to_numpy(np.bool_)


def _end_of_day(midnight: TimeArray, zone: str | None) -> TimeArray:
    """The last moment in UTC of days that begin at these moments in UTC."""
    after = midnight + _DAY
    if zone is not None:
        clock = zone_of(zone)
        next_midnight = utc_or_nat(clock_of(midnight, clock) + _DAY, clock)
        after = np.where(np.isnat(next_midnight), after, next_midnight)
    ends: TimeArray = after - _MOMENT
    return ends
