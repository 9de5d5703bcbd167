"""Times of a column in the form that `data.date_format` says."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fxai.errors import DataError
from fxai.market.bars import TimeArray
from fxai.market.reading.times.cells import Cells
from fxai.market.reading.times.moments import Moments
from fxai.market.reading.times.numbers_as_times import NUMBER_FORMATS, number_values, times_in_format

_CLOCK = re.compile(r"%[-#]?[HIMSfpXcTRzZ]")


def formatted_times(cells: Cells, form: str) -> Moments:
    """Times of a column of text or numbers in a format of strptime, or in one of `NUMBER_FORMATS`.

    Raises:
        DataError: If the format is none, or a cell does not have it; the message has the row.
    """
    if form in NUMBER_FORMATS:
        return times_in_format(cells, form)
    if not cells.is_text:
        numbers = number_values(cells)
        if numbers.dtype != np.int64:
            raise cells.refusal(0, f"does not have data.date_format {form!r}")
        cells = cells.with_array(pc.cast(pa.array(numbers), pa.string()))
    date_form, _, clock_form = form.partition(" ")
    if clock_form and not _CLOCK.search(date_form) and "%z" not in form.lower():
        return _in_halves(cells, date_form, clock_form, form)
    return Moments(_parsed(cells, form, form), "text", is_utc="%z" in form.lower())


def _in_halves(cells: Cells, date_form: str, clock_form: str, form: str) -> Moments:
    """Dates and times of day apart, so that each distinct one is read once."""
    parts = pc.extract_regex(cells.array, r"^(?P<date>\S+)\s+(?P<clock>\S.*)$")
    if parts.null_count:
        raise _without_format(cells, int(np.asarray(pc.is_null(parts)).argmax()), form)
    dates = _parsed(cells.with_array(pc.struct_field(parts, "date")), date_form, form, cells)
    clocks = _parsed(cells.with_array(pc.struct_field(parts, "clock")), clock_form, form, cells)
    return Moments(dates + (clocks - clocks.astype("datetime64[D]")), "text")


def _parsed(cells: Cells, part: str, form: str, whole: Cells | None = None) -> TimeArray:
    """Times [row] as datetime64[us] of cells in a part of the format; UTC if the format has an offset."""
    coded = cells.array.dictionary_encode()
    texts = pd.Series(coded.dictionary.to_pandas())
    try:
        found = pd.to_datetime(texts, format=part, errors="coerce", utc=True)
    except (ValueError, re.error) as error:
        raise DataError(f"data.date_format {form!r} is not a format of strptime: {error}") from error
    moments: TimeArray = found.dt.tz_localize(None).to_numpy().astype("datetime64[us]")[np.asarray(coded.indices)]
    wrong = np.isnat(moments)
    if wrong.any():
        raise _without_format(whole or cells, int(wrong.argmax()), form)
    return moments


def _without_format(cells: Cells, position: int, form: str) -> Exception:
    return cells.refusal(position, f"does not have data.date_format {form!r}")
