"""Converts the times of a table to UTC.

A timestamp without a zone is in `data.timezone`. A column has one form, which is recognized by all of its cells. What
may be read in two ways is refused, with the way to say which one is meant.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fxai.market.bars import ReadingNote, TimeArray
from fxai.market.reading.times.cells import Cells
from fxai.market.reading.times.clocks import read_clocks
from fxai.market.reading.times.given_format import formatted_times
from fxai.market.reading.times.moments import Moments, check_limits
from fxai.market.reading.times.numbers_as_times import number_times
from fxai.market.reading.times.texts import joined, text_times
from fxai.market.reading.times.zones import utc_of, zone_of
from fxai.spec.fields.data_config import DataConfig


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a table's rows."""

    utc: TimeArray  # [row], datetime64[ns]
    form: str  # what the cells are, for people: `text`, `milliseconds since 1970`
    zone: str | None  # time zone that was applied; None: the cells have their own, or are in UTC
    notes: tuple[ReadingNote, ...] = ()


def read_times(table: pd.DataFrame, columns: tuple[str, ...], config: DataConfig, source: str) -> Times:
    """The time of each row.

    Args:
        table: Cells of any type, indexed by row number.
        columns: Names of the column of the time, or of a date and a time of day.
        config: `timezone` of timestamps without one; a column whose name has GMT or UTC is in UTC. `date_format`.
        source: Name in messages.

    Raises:
        DataError: If a timestamp cannot be read beyond doubt, or is not from 1970 to tomorrow; the message has the row.
    """
    zone = zone_of(config.timezone)
    cells, moments = _moments(table, columns, config.date_format, source)
    check_limits(moments, cells)
    exact = moments.time.astype("datetime64[ns]", copy=False)
    if moments.is_utc:
        return Times(exact, moments.form, None, moments.notes)
    named_utc = any(word in columns[0].lower() for word in ("gmt", "utc"))
    if moments.zone is not None or named_utc:
        zone = zone_of(moments.zone or "UTC")
    utc, notes = utc_of(exact, zone, cells)
    in_file = moments.zone is not None or named_utc
    return Times(utc, moments.form, None if in_file else config.timezone, (*moments.notes, *notes))


def _moments(
    table: pd.DataFrame, columns: tuple[str, ...], date_format: str | None, source: str
) -> tuple[Cells, Moments]:
    """The times before a zone is applied, and the cells that messages show."""
    parts = [Cells.of(table, column, source) for column in columns]
    if len(parts) == 1:
        return parts[0], _single(parts[0], date_format)
    shown = tuple(part.array for part in parts)
    parts = [replace(part, shown=shown) for part in parts]
    if date_format is not None:
        return parts[0], formatted_times(_side_by_side(parts), date_format)
    dates, codes = parts[0].distinct()
    days = _single(dates, None)
    midnight = days.time.astype("datetime64[D]")
    if (midnight != days.time).any():
        raise dates.refusal(
            int(np.argmax(midnight != days.time)),
            f"has a time of day, and the column {columns[1]} too; remove one of the two columns",
        )
    return parts[0], replace(joined(midnight[codes], read_clocks(parts[1])), form=days.form, notes=days.notes)


def _single(cells: Cells, date_format: str | None) -> Moments:
    kind = cells.array.type
    if date_format is not None and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise cells.refusal(
            0, f"is a timestamp and no text: the file needs no data.date_format; remove {date_format!r}"
        )
    if pa.types.is_timestamp(kind):
        return Moments(np.asarray(pc.cast(cells.array, pa.timestamp(kind.unit))), "text", is_utc=kind.tz is not None)
    if pa.types.is_date(kind):
        return Moments(np.asarray(pc.cast(cells.array, pa.date32())), "text")
    if date_format is not None:
        return formatted_times(cells, date_format)
    if cells.is_text:
        return text_times(cells)
    if cells.is_whole or pa.types.is_floating(kind):
        return number_times(cells)
    raise cells.refusal(0, f"is no time: the column {cells.column} has the type {kind}")


def _side_by_side(parts: list[Cells]) -> Cells:
    """The cells of a date and a time of day, with one space between them."""
    texts = [part.array if part.is_text else pc.cast(part.array, pa.string()) for part in parts]
    texts = [pc.cast(text, pa.large_string()) for text in texts]
    return parts[0].with_array(pc.binary_join_element_wise(*texts, pa.scalar(" ", pa.large_string())))
