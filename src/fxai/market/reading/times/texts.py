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
from fxai.market.reading.times.year_first import with_dashes

_FIRST_NS, _LAST_NS = np.datetime64("1700-01-01"), np.datetime64("2250-01-01")  # datetime64[ns] has few more years
_DIGITS = r"[0-9]+(?:\.[0-9]*)?"


def text_times(cells: Cells) -> Moments:
    """Times of a column of text.

    Raises:
        DataError: If a cell is no time, or has another form than the first one; the message has the row.
    """
    first = cells.text(0)
    if re.fullmatch(_DIGITS, first):
        return number_times(cells)
    texts = with_dashes(cells.array)
    for kind, is_utc in ((pa.timestamp("ns"), False), (pa.timestamp("ns", "UTC"), True)):
        try:
            pc.cast(texts[:1], kind)  # a cast of many cells that fails is slow
            found = pc.cast(texts, kind)
        except pa.ArrowInvalid:
            continue
        return Moments(np.asarray(found), "text", is_utc=is_utc)
    return _date_and_clock(cells)


def _date_and_clock(cells: Cells) -> Moments:
    first = cells.text(0)
    pattern = next((each for each in PATTERNS if re.match(rf"(?:{each})(?![\d/.-])", first, re.ASCII)), None)
    if pattern is None:
        raise cells.refusal(
            0,
            "is a timestamp of unknown form; write ISO 8601 (2017-01-31 22:00), 31.01.2017 22:00:00.000, or seconds or "
            "milliseconds since 1970, or set data.date_format",
        )
    date, clock = _halves(cells, pattern)
    return joined(read_dates(cells.with_array(date)), read_clocks(cells.with_array(clock)))


def _halves(cells: Cells, pattern: str) -> tuple[pa.Array, pa.Array]:
    """The date and the rest of each cell; the rest is empty if there is none.

    Raises:
        DataError: If a cell does not begin with a date in the pattern; the message has the row.
    """
    found = re.match(pattern, cells.text(0))
    width = found.end() if found else 0
    date, rest = pc.utf8_slice_codeunits(cells.array, 0, width), pc.utf8_slice_codeunits(cells.array, width)
    # Most files have dates of one width. Their distinct halves are few, and regular expressions on all cells are slow.
    if _all_match(date, rf"^(?:{pattern})$") and _all_match(rest, r"^(?:[ T,;]+.*)?$"):
        return date, pc.utf8_ltrim(rest, characters=" T,;")
    parts = pc.extract_regex(cells.array, rf"^(?P<date>{pattern})(?:[ T,;]+(?P<clock>.*))?$")
    if parts.null_count:
        raise cells.unlike_first(int(np.asarray(pc.is_null(parts)).argmax()))
    return pc.struct_field(parts, "date"), pc.struct_field(parts, "clock")


def _all_match(texts: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(pc.unique(texts), pattern)).as_py())


def joined(days: np.ndarray, clocks: Clocks) -> Moments:
    """Dates [row] and times of day."""
    unit, size = ("ns", 1) if days.min() > _FIRST_NS and days.max() < _LAST_NS else ("us", 1000)
    time = days.astype(f"datetime64[{unit}]") + (clocks.since_midnight // size).astype(f"timedelta64[{unit}]")
    if clocks.ahead_of_utc is not None:
        return Moments(time - (clocks.ahead_of_utc // size).astype(f"timedelta64[{unit}]"), "text", is_utc=True)
    return Moments(time, "text", zone=clocks.zone)
