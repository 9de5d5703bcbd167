"""Times as text: ISO 8601, or a date and a time of day in another form, with an offset or a zone behind them."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fxai.market.reading.times.cells import Cells
from fxai.market.reading.times.clocks import Clocks, read_clocks
from fxai.market.reading.times.dates import PATTERNS, read_dates
from fxai.market.reading.times.moments import Moments
from fxai.market.reading.times.numbers_as_times import number_times

_DIGITS = r"^\d+(?:\.\d*)?$"
_COMPACT = re.compile(r"\d{8}[ T]\d{4,9}")


def text_times(cells: Cells) -> Moments:
    """Times of a column of text.

    Raises:
        DataError: If a cell is no time, or has another form than the first one; the message has the row.
    """
    first = cells.text(0)
    if re.fullmatch(_DIGITS, first):
        return number_times(cells)
    if _COMPACT.fullmatch(first):
        return _compact(cells)
    for kind, is_utc in ((pa.timestamp("us"), False), (pa.timestamp("us", "UTC"), True)):
        try:
            pc.cast(cells.array[:1], kind)  # a cast of many cells that fails is slow
            found = pc.cast(cells.array, kind)
        except pa.ArrowInvalid:
            continue
        return Moments(np.asarray(found), "text", is_utc=is_utc)
    return _date_and_clock(cells)


def _compact(cells: Cells) -> Moments:
    """Times such as `20170131 2200` and `20170131 220000123`."""
    digits = pc.replace_substring_regex(cells.array, r"^(\d{8})[ T](\d{4,9})$", r"\1\2")
    joined = cells.with_array(digits)
    odd = np.asarray(pc.invert(pc.match_substring_regex(digits, r"^\d{12,17}$")))
    if odd.any():
        raise cells.unlike_first(int(odd.argmax()))
    return number_times(joined)


def _date_and_clock(cells: Cells) -> Moments:
    first = cells.text(0)
    pattern = next((each for each in PATTERNS if re.match(rf"(?:{each})(?![\d/.-])", first)), None)
    if pattern is None:
        raise cells.refusal(
            0,
            "is a timestamp of unknown form; write ISO 8601 (2017-01-31 22:00), 31.01.2017 22:00:00.000, or seconds or "
            "milliseconds since 1970, or set data.date_format",
        )
    parts = pc.extract_regex(cells.array, rf"^(?P<date>{pattern})(?:[ T,;]+(?P<clock>.*))?$")
    if parts.null_count:
        raise cells.unlike_first(int(np.asarray(pc.is_null(parts)).argmax()))
    days = read_dates(cells.with_array(pc.struct_field(parts, "date")))
    clocks = read_clocks(cells.with_array(pc.fill_null(pc.struct_field(parts, "clock"), "")))
    return joined(days, clocks)


def joined(days: np.ndarray, clocks: Clocks) -> Moments:
    """Dates [row] and times of day."""
    time = days.astype("datetime64[us]") + (clocks.since_midnight // 1000).astype("timedelta64[us]")
    if clocks.ahead_of_utc is not None:
        return Moments(time - (clocks.ahead_of_utc // 1000).astype("timedelta64[us]"), "text", is_utc=True)
    return Moments(time, "text", zone=clocks.zone)
