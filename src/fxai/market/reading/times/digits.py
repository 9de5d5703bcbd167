"""Dates that are written as one number: YYYYMMDD and longer and shorter forms, and Excel's serial days."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import TimeArray

_EXCEL_START = np.datetime64("1899-12-30", "ms")
_EXCEL_1970, _EXCEL_2100 = 25_569, 73_050
_DAY_MS = 86_400_000
_FIRST_YEAR, _LAST_YEAR = 1900, 2199  # of numbers that are taken for dates; the limits of bars are checked later
_CENTURY = 70  # two-digit years from 70 on are of the last century
_GRIDS_MS = ((60_000, 500), (1_000, 10))  # grids of serial times, and the rounding error that a text may have


@dataclass(frozen=True, slots=True)
class DigitForm:
    """A form of a date in digits."""

    name: str
    date_format: str  # as strptime writes it
    fields: str  # letter and number of digits of each field
    is_read: bool = True  # False: read with `data.date_format` only, because its year is short


FORMS = (
    DigitForm("YYYY", "%Y", "Y4"),
    DigitForm("YYYYMM", "%Y%m", "Y4m2"),
    DigitForm("YYYYMMDD", "%Y%m%d", "Y4m2d2"),
    DigitForm("YYYYMMDDHH", "%Y%m%d%H", "Y4m2d2H2"),
    DigitForm("YYYYMMDDHHMM", "%Y%m%d%H%M", "Y4m2d2H2M2"),
    DigitForm("YYYYMMDDHHMMSS", "%Y%m%d%H%M%S", "Y4m2d2H2M2S2"),
    DigitForm("YYYYMMDDHHMMSSfff", "%Y%m%d%H%M%S%f", "Y4m2d2H2M2S2f3"),
    DigitForm("YMMDD", "%y%m%d", "y1m2d2", is_read=False),
    DigitForm("YYMMDD", "%y%m%d", "y2m2d2", is_read=False),
    DigitForm("YYMMDDHHMM", "%y%m%d%H%M", "y2m2d2H2M2", is_read=False),
    DigitForm("YYMMDDHHMMSS", "%y%m%d%H%M%S", "y2m2d2H2M2S2", is_read=False),
)
_LIMITS = {"m": (1, 12), "d": (1, 31), "H": (0, 23), "M": (0, 59), "S": (0, 59), "f": (0, 999)}
_MILLISECONDS = {"H": 3_600_000, "M": 60_000, "S": 1_000, "f": 1}


def fitting_forms(values: NDArray[np.int64]) -> dict[DigitForm, TimeArray]:
    """The forms that all numbers have, with the times that they have in them."""
    found = {form: digit_times(values, form) for form in FORMS if _has_width(form, values)}
    return {form: time for form, (time, fits) in found.items() if fits.all()}


def first_misfit(values: NDArray[np.int64]) -> int | None:
    """Position of the first number that does not have the form of the first number; None if that one has no form."""
    for form in FORMS:
        if _has_width(form, values[:1]) and digit_times(values[:1], form)[1].all():
            return int(np.argmin(digit_times(values, form)[1]))
    return None


def _has_width(form: DigitForm, values: NDArray[np.int64]) -> bool:
    width = sum(map(int, form.fields[1::2]))
    return len(str(int(values.min()))) == len(str(int(values.max()))) == width


def digit_times(values: NDArray[np.int64], form: DigitForm) -> tuple[TimeArray, NDArray[np.bool_]]:
    """Times [row] as datetime64[ms] of numbers read in a form, and whether each number has the form."""
    parts: dict[str, NDArray[np.int64]] = {}
    rest = values
    for letter, digits in reversed(list(zip(form.fields[::2], map(int, form.fields[1::2]), strict=True))):
        rest, parts[letter] = np.divmod(rest, 10**digits)
    year = parts["Y"] if "Y" in parts else np.where(parts["y"] < _CENTURY, 2000, 1900) + parts["y"]
    fits = (rest == 0) & (year >= _FIRST_YEAR) & (year <= _LAST_YEAR)
    for letter, (low, high) in _LIMITS.items():
        if letter in parts:
            fits &= (parts[letter] >= low) & (parts[letter] <= high)
    month = ((year - 1970) * 12 + parts.get("m", np.int64(1)) - 1).astype("datetime64[M]")
    day = month.astype("datetime64[D]") + (parts.get("d", np.ones_like(year)) - 1).astype("timedelta64[D]")
    fits &= day.astype("datetime64[M]") == month
    clock = np.zeros_like(year)
    for letter, scale in _MILLISECONDS.items():
        if letter in parts:
            clock += parts[letter] * scale
    return day.astype("datetime64[ms]") + clock.astype("timedelta64[ms]"), fits


def serial_days(values: NDArray[np.float64] | NDArray[np.int64]) -> TimeArray | None:
    """Times [row] as datetime64[ms] of Excel's serial days, day 1 being 1900-01-01; None if a number is none.

    A fraction is the time of day. It is rounded to whole minutes or seconds if all times are within the error of its
    digits, else to milliseconds.
    """
    if values.min() < _EXCEL_1970 or values.max() > _EXCEL_2100:
        return None
    exact = values.astype(np.float64) * _DAY_MS
    for grid, error in _GRIDS_MS:
        rounded = np.round(exact / grid) * grid
        if np.abs(exact - rounded).max() <= error:
            exact = rounded
            break
    return _EXCEL_START + np.round(exact).astype("timedelta64[ms]")
