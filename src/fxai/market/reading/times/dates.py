"""Dates as text: the year first, the day or the month first, or with the name of a month.

Each distinct date is read once. Whether 01/02/2020 has the day or the month first is decided by all dates of the
column; dates with dots have the day first unless they show otherwise.
"""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fxai.market.bars import TimeArray
from fxai.market.reading.times.cells import Cells

PATTERNS = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}",
    r"\d{8}",
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}",
    r"[A-Za-z]{3,9} \d{1,2},? \d{4}",
    r"\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{4}",
    r"\d{4}-\d{2}",
)
"""Regular expressions of RE2 for the dates that are read."""
_MONTH_NAMES = ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d-%B-%Y", "%d %b %Y", "%d %B %Y")
_YEAR_LAST = re.compile(PATTERNS[2])
_MONTHS = 12


def read_dates(cells: Cells) -> TimeArray:
    """Dates [row] as datetime64[D] of text in one of `PATTERNS`, the same for all cells.

    Raises:
        DataError: If a cell is no date, or the order of day and month is not known; the message has the row.
    """
    distinct, codes = cells.distinct()
    first = distinct.text(0)
    if _YEAR_LAST.fullmatch(first):
        found = _year_last(distinct)
    elif re.search(r"[A-Za-z]", first):
        found = _month_names(distinct.array)
    else:
        found = _days(pd.to_datetime(pd.Series(distinct.array.to_pandas()), format="ISO8601", errors="coerce"))
    wrong = np.isnat(found)
    if wrong.any():
        raise distinct.refusal(
            int(wrong.argmax()), "is no date in the form of the first row; correct it, or set data.date_format"
        )
    of_rows: TimeArray = found[codes]
    return of_rows


def _days(moments: pd.Series) -> TimeArray:
    days: TimeArray = moments.to_numpy().astype("datetime64[D]")
    return days


def _month_names(values: pa.Array) -> TimeArray:
    """Dates [distinct] in the form that fits most of them; NaT for the others."""
    texts = pd.Series(values.to_pandas())
    found = [_days(pd.to_datetime(texts, format=form, errors="coerce")) for form in _MONTH_NAMES]
    return min(found, key=lambda each: int(np.isnat(each).sum()))


def _year_last(cells: Cells) -> TimeArray:
    """Dates [distinct] of 31.01.2017, 31/01/2017, 01/31/2017 or 31-01-2017."""
    parts = pc.extract_regex(cells.array, r"^(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})[-/.](?P<year>\d{4})$")
    one, two, year = (np.asarray(pc.cast(pc.struct_field(parts, name), pa.int64())) for name in ("a", "b", "year"))
    days_first, months_first = np.flatnonzero(one > _MONTHS), np.flatnonzero(two > _MONTHS)
    if days_first.size and months_first.size:
        early, late = sorted((int(days_first[0]), int(months_first[0])))
        raise cells.refusal(
            late, f"has day and month in another order than row {cells.rows[early]}: {cells.shown_text(early)!r}"
        )
    if not days_first.size and not months_first.size and pc.struct_field(parts, "mark")[0].as_py() != ".":
        raise cells.refusal(
            0, f"has the day or the month first; set data.date_format, such as {_both_formats(cells.shown_text(0))}"
        )
    day, month = (two, one) if months_first.size else (one, two)
    return _calendar(year, month, day)


def _both_formats(shown: str) -> str:
    month_first, day_first = year_last_formats(shown)
    return f"'{month_first}' (month first) or '{day_first}' (day first)"


def has_year_last(shown: str) -> bool:
    """Whether a timestamp begins with a date in digits whose year is last, such as `01/02/2017`."""
    return _YEAR_LAST.match(shown) is not None


def year_last_formats(shown: str) -> tuple[str, str]:
    """The two formats that a timestamp such as `01/02/2017 22:00` may have: the month first, and the day first."""
    mark = re.sub(r"\d", "", shown)[0]
    clock = shown.partition(" ")[2]
    hour = "%I" if re.search("[AP]M", clock, re.IGNORECASE) else "%H"
    for digits, code in ((r"\d{1,2}:\d\d", f"{hour}:%M"), (r":\d\d", ":%S"), (r"\.\d+", ".%f"), ("(?i)[ap]m", "%p")):
        clock = re.sub(digits, code, clock, count=1)
    clock = clock and f" {clock}"
    return f"%m{mark}%d{mark}%Y{clock}", f"%d{mark}%m{mark}%Y{clock}"


def _calendar(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> TimeArray:
    """Dates of numbers; NaT where there is no such date."""
    start = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    found = start.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    exists = (month >= 1) & (month <= _MONTHS) & (day >= 1) & (found.astype("datetime64[M]") == start)
    dates: TimeArray = np.where(exists, found, np.datetime64("NaT"))
    return dates
