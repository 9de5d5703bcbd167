"""Decides what the numbers of a time column are: dates in digits, Excel's days, or seconds and less since 1970.

A column is read if exactly one reading fits all of its numbers.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fxai.market.bars import TimeArray
from fxai.market.reading.times.cells import Cells
from fxai.market.reading.times.digits import DigitForm, first_misfit, fitting_forms, serial_days
from fxai.market.reading.times.epochs import (
    UNITS,
    Unit,
    epoch_times,
    has_units,
    in_unit,
    no_unit,
    units_of,
    whole_minutes,
)
from fxai.market.reading.times.moments import Moments

_EXCEL = "serial days of Excel"
_LONGEST_EXACT = 2**53  # whole numbers above it are not exact as float64
NUMBER_FORMATS = ("excel", *(unit.name for unit in UNITS))
"""Values of `data.date_format` besides those of strptime."""


def number_times(cells: Cells) -> Moments:
    """Times of a column of numbers, or of text that consists of digits.

    Raises:
        DataError: If no reading fits all numbers, or more than one does.
    """
    numbers = number_values(cells)
    if numbers.min() < 0:
        raise cells.refusal(int(numbers.argmin()), "is negative, so it is before 1970; correct or remove the row")
    if numbers.dtype == np.float64:
        return _with_fractions(cells, numbers.astype(np.float64, copy=False))
    values = numbers.astype(np.int64, copy=False)
    forms, serial = fitting_forms(values), serial_days(values)
    epoch = has_units(values) and not (forms and not whole_minutes(values))
    unread = [form for form in forms if not form.is_read]
    readings = len(forms) + epoch + (serial is not None)
    if readings > 1 and not _is_monthly(forms):
        raise _ambiguous(cells, forms, serial, UNITS[units_of(values[:1])[0]] if epoch else None)
    if readings == 1 and unread:
        raise cells.refusal(0, f"may be {unread[0].name}; if it is, set data.date_format: '{unread[0].date_format}'")
    for form, time in forms.items():
        return Moments(time, form.name)
    if serial is not None:
        return Moments(serial, _EXCEL)
    if not epoch:
        raise _without_reading(cells, values)
    return epoch_times(cells, values)


def number_values(cells: Cells) -> NDArray[np.int64] | NDArray[np.float64]:
    """The numbers [row] of a column, as int64 if all of them are whole."""
    values = cells.array
    if cells.is_text:
        values = _parsed(cells)
    if pa.types.is_integer(values.type):
        try:
            return np.asarray(pc.cast(values, pa.int64()))
        except pa.ArrowInvalid:  # larger than any number of nanoseconds
            values = pc.cast(values, pa.float64(), safe=False)
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise cells.refusal(int(np.argmin(np.isfinite(numbers))), "is not a finite number")
    if np.abs(numbers).max() < _LONGEST_EXACT and not (numbers % 1).any():
        return numbers.astype(np.int64)
    return numbers


def _parsed(cells: Cells) -> pa.Array:
    """Text as numbers.

    Raises:
        DataError: If a cell is no number, or begins with a zero that a number would lose.
    """
    zero = pc.and_(pc.starts_with(cells.array, "0"), pc.greater(pc.utf8_length(cells.array), 1))
    zero = pc.and_(zero, pc.invert(pc.starts_with(cells.array, "0.")))
    if pc.any(zero).as_py():
        raise cells.refusal(
            pc.index(zero, True).as_py(),
            "begins with a zero, so it is no number of days or seconds; say its form by data.date_format, "
            "such as '%d%m%Y'",
        )
    for kind in (pa.int64(), pa.float64()):
        try:
            return pc.cast(cells.array, kind)
        except pa.ArrowInvalid:
            continue
    odd = pc.index(pc.match_substring_regex(cells.array, r"^\d+(\.\d*)?$"), False).as_py()
    raise cells.unlike_first(max(odd, 0))


def _with_fractions(cells: Cells, values: NDArray[np.float64]) -> Moments:
    serial = serial_days(values)
    if serial is not None:
        return Moments(serial, _EXCEL)
    if units_of(np.array([values.min(), values.max()])).any():  # 0: seconds
        raise no_unit(cells, 0)
    return Moments(np.round(values * 1e6).astype("datetime64[us]"), f"{UNITS[0].name} since 1970", is_utc=True)


def _is_monthly(forms: dict[DigitForm, TimeArray]) -> bool:
    """Whether YYYYMM is meant and not YYMMDD: more than a year of months, none left out."""
    months = next((time for form, time in forms.items() if form.name == "YYYYMM"), None)
    if months is None:
        return False
    steps = np.diff(np.unique(months.astype("datetime64[M]")).astype(np.int64))
    return len(steps) >= 12 and bool((steps == 1).all())  # noqa: PLR2004 - months of a year


def _ambiguous(cells: Cells, forms: Iterable[DigitForm], serial: TimeArray | None, unit: Unit | None) -> Exception:
    found = [(form.name, f"'{form.date_format}'") for form in forms]
    if serial is not None:
        found.append((_EXCEL, "excel"))
    if unit is not None:
        found.append((f"{unit.name} since 1970", unit.name))
    names, formats = zip(*found, strict=True)
    return cells.refusal(0, f"may be {' or '.join(names)}; set data.date_format: {' or '.join(formats)}")


def _without_reading(cells: Cells, values: NDArray[np.int64]) -> Exception:
    """The error for numbers that no reading fits: the first one without the form of the first number."""
    misfit = first_misfit(values)
    if misfit is None:
        return no_unit(cells, 0)
    return cells.unlike_first(misfit)


def times_in_format(cells: Cells, name: str) -> Moments:
    """Times of a column of numbers in one of `NUMBER_FORMATS`."""
    values = number_values(cells)
    if name == "excel":
        serial = serial_days(values)
        if serial is None:
            raise cells.refusal(
                int(values.argmin()), "is not a serial day of Excel from 1970 on, which data.date_format says"
            )
        return Moments(serial, _EXCEL)
    unit = next(unit for unit in UNITS if unit.name == name)
    if values.dtype == np.float64:
        return replace(
            in_unit(np.round(values * unit.nanoseconds).astype(np.int64), UNITS[-1]), form=f"{name} since 1970"
        )
    return in_unit(values.astype(np.int64, copy=False), unit)
