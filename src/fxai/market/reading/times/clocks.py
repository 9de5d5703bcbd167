"""Times of day, from a column of their own or from the second half of a timestamp, with zones behind them."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fxai.market.reading.times.cells import Cells

_DAY_NS = 86_400 * 10**9
_ZONE = (
    r"^(?P<clock>.*?)\s*(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d{2})?"
    r"|[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?)?$"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?")
_TWELVE_HOURS = ("%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p", "%I-%p", "%I %p")
_DIGITS = {4: "HHMM", 6: "HHMMSS", 9: "HHMMSSfff"}
_LAST_HHMM = 2359
_LAST_HOUR = 23


@dataclass(frozen=True, slots=True)
class Clocks:
    """Times of day of rows."""

    since_midnight: NDArray[np.int64]  # [row], nanoseconds
    ahead_of_utc: NDArray[np.int64] | None  # [row], nanoseconds; None: the cells have no offset
    zone: str | None = None  # name of a time zone that all cells have


def read_clocks(cells: Cells) -> Clocks:
    """Times of day of a column.

    Raises:
        DataError: If a cell is no time of day, or the cells have different forms; the message has the row.
    """
    values = cells.array
    if pa.types.is_time(values.type):
        return Clocks(np.asarray(pc.cast(pc.cast(values, pa.time64("ns")), pa.int64())), None)
    if not cells.is_whole and not cells.is_text:
        raise cells.refusal(0, "is no time of day; write 22:00 or 22:00:00")
    distinct, codes = cells.distinct()
    if distinct.is_whole:
        return Clocks(_from_numbers(distinct, np.asarray(distinct.array).astype(np.int64))[codes], None)
    parts = pc.extract_regex(distinct.array, _ZONE)
    nanoseconds = _from_text(distinct, pc.struct_field(parts, "clock"))
    offsets, name = _offsets(distinct, pc.struct_field(parts, "zone"))
    return Clocks(nanoseconds[codes], None if offsets is None else offsets[codes], name)


def _from_text(cells: Cells, clock: pa.Array) -> NDArray[np.int64]:
    """Nanoseconds since midnight [row]; 0 where a date stands alone."""
    texts = pd.Series(clock.to_pandas()).str.upper().str.replace(".M.", "M", regex=False)
    alone = (texts == "").to_numpy()
    if alone.all():
        return np.zeros(len(texts), np.int64)
    first = texts.iloc[int(np.argmin(alone))]
    if re.fullmatch(r"\d+", first):
        return _from_digits(cells, clock)
    found = _parsed(texts.where(~alone, "00:00"), first)
    if found is None or np.isnat(found).any():
        raise _unlike_first(cells, 0 if found is None else int(np.isnat(found).argmax()))
    return found.astype("datetime64[ns]").astype(np.int64) % _DAY_NS


def _parsed(texts: pd.Series, first: str) -> NDArray[np.datetime64] | None:
    """Times of day on one day, NaT where a text has another form than the first; None if the form is unknown."""
    if "M" not in first:
        full = "1970-01-01T" + texts
        return pd.to_datetime(full, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None).to_numpy()
    for form in _TWELVE_HOURS:
        if not pd.isna(pd.to_datetime(first, format=form, errors="coerce")):
            return pd.to_datetime(texts, format=form, errors="coerce").to_numpy()
    return None


def _from_digits(cells: Cells, clock: pa.Array) -> NDArray[np.int64]:
    """Times of day such as 2200, 220000 and 220000000, and numbers that lost their zeros."""
    odd = np.asarray(pc.invert(pc.match_substring_regex(clock, r"^\d{1,9}$")))
    if odd.any():
        raise _unlike_first(cells, int(odd.argmax()))
    widths = np.unique(np.asarray(pc.utf8_length(clock)))
    form = _DIGITS.get(int(widths[0])) if len(widths) == 1 else None
    return _from_numbers(cells, np.asarray(pc.cast(clock, pa.int64())), form)


def _from_numbers(cells: Cells, values: NDArray[np.int64], form: str | None = None) -> NDArray[np.int64]:
    """Nanoseconds since midnight [row] of numbers such as 2200 and 220000; zeros in front may be missing."""
    high = int(values.max())
    if form is None and 0 < high <= _LAST_HOUR:
        raise cells.refusal(
            0, "may be an hour or a minute; set data.date_format for date and time of day, such as '%Y%m%d %H'"
        )
    form = form or ("HHMM" if high <= _LAST_HHMM else "HHMMSS")
    rest, milliseconds = np.divmod(values, 1000) if form == "HHMMSSfff" else (values, np.zeros_like(values))
    rest, seconds = np.divmod(rest, 100) if form != "HHMM" else (rest, np.zeros_like(values))
    hours, minutes = np.divmod(rest, 100)
    wrong = (values < 0) | (hours > _LAST_HOUR) | (minutes > 59) | (seconds > 59)  # noqa: PLR2004 - of an hour, a minute
    if wrong.any():
        raise cells.refusal(int(wrong.argmax()), f"is no time of day in the form {form}")
    found: NDArray[np.int64] = (((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds) * 10**6
    return found


def _offsets(cells: Cells, zone: pa.Array) -> tuple[NDArray[np.int64] | None, str | None]:
    """Nanoseconds ahead of UTC [row], or the name of one time zone."""
    coded = zone.dictionary_encode()
    codes, names = np.asarray(coded.indices), coded.dictionary.to_pylist()
    if names == [""]:
        return None, None
    if "" in names:
        raise cells.refusal(int(np.argmax(codes == names.index(""))), "has no time zone, other rows have one")
    if any("/" in name for name in names):
        if len(names) > 1:
            raise cells.refusal(int(np.argmax(codes != codes[0])), "has another time zone than the first row")
        return None, names[0]
    return np.array([_ahead(name) for name in names], np.int64)[codes], None


def _ahead(name: str) -> int:
    match = _OFFSET.fullmatch(name)
    if match is None:  # Z, UTC, GMT
        return 0
    minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
    return minutes * 60 * 10**9 * (-1 if match["sign"] == "-" else 1)


def _unlike_first(cells: Cells, position: int) -> Exception:
    if position == 0:
        return cells.refusal(0, "is no time of day in a known form; write 22:00 or 22:00:00, or set data.date_format")
    return cells.unlike_first(position)
