"""Timestamps as files write them, to UTC.

A timestamp that names no zone lies in `data.timezone`. Where clocks go back, an hour comes twice; its two
passes are told apart by their order in the file, and where that does not settle it, the file is refused.
Day-first and month-first dates with slashes look alike and are refused too.
"""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import TimeArray

_OFFSET = r":\d{2}(?:\.\d+)?\s*(?:Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?)$"
_ZONE_WORD = r"\s*(?:UTC|GMT)?(?=[+-]\d{2}:?(?:\d{2})?$)|\s*(?:UTC|GMT)$"
_FORMATS = ("%d.%m.%Y %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y-%m-%d %I-%p")
_EPOCH_UNITS = ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3), (9e18, 1))  # numbers below the bound, in nanoseconds
_DATE_DIGITS = 8  # 20170131


def to_utc(stamps: pd.Series, zone: str, source: str) -> TimeArray:
    """Timestamps [bar] of one column (text, numbers or datetimes, indexed by row number), datetime64[ns] in UTC."""
    if pd.api.types.is_datetime64_any_dtype(stamps) and not stamps.hasnans:
        moments = pd.DatetimeIndex(stamps)
        return _nanoseconds(moments if moments.tz is not None else _located(moments, zone, source))
    text = stamps.astype(str).str.strip()
    if text.str.fullmatch(r"\d+(?:\.0*)?").all() and not text.str.fullmatch(rf"\d{{{_DATE_DIGITS}}}").all():
        return _from_epoch(text, source)
    with_offset = text.str.contains(_OFFSET)
    if with_offset.all():
        plain = text.str.replace(_ZONE_WORD, "", regex=True)
        return _nanoseconds(_parsed(plain.where(plain.str.contains(_OFFSET), plain + "Z"), source, "%z"))
    if with_offset.any():
        bare = _cell(text, int(with_offset.argmin()))
        raise DataError(f"{source}: {bare} names no time zone, while other rows do")
    return _nanoseconds(_located(_parsed(text, source).tz_localize(None), zone, source))


def _parsed(text: pd.Series, source: str, offset: str = "") -> pd.DatetimeIndex:
    for form in ("ISO8601", *(known + offset for known in _FORMATS)):
        # a format that fits the first row either fits all or names the row that differs
        if pd.isna(pd.to_datetime(text.iloc[:1], format=form, errors="coerce", utc=True).iloc[0]):
            continue
        parsed = pd.to_datetime(text, format=form, errors="coerce", utc=True)
        if parsed.hasnans:
            bad = _cell(text, int(parsed.isna().argmax()))
            raise DataError(f"{source}: {bad} is not a timestamp like {text.iloc[0]!r} above it")
        return pd.DatetimeIndex(parsed)
    raise DataError(
        f"{source}: cannot tell which moment {text.iloc[0]!r} is; write ISO 8601 (2017-01-31 22:00), "
        "31.01.2017 22:00:00.000, or seconds or milliseconds since 1970"
    )


def _from_epoch(text: pd.Series, source: str) -> TimeArray:
    numbers = text.astype(float).to_numpy()
    largest = int(numbers.argmax())
    unit = next((unit for bound, unit in _EPOCH_UNITS if numbers[largest] < bound), None)
    if unit is None:
        raise DataError(f"{source}: {_cell(text, largest)} is no time since 1970 in seconds or fractions of them")
    whole = text.str.split(".").str[0].astype("int64").to_numpy()
    return (whole * unit).astype("datetime64[ns]")


def _located(naive: pd.DatetimeIndex, zone: str, source: str) -> pd.DatetimeIndex:
    """Give naive moments their zone."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DataError(f"data.timezone {zone!r} is no time zone; write one like Europe/Berlin or UTC") from error
    newest_first = len(naive) > 1 and naive[0] > naive[-1]
    rising = naive[::-1] if newest_first else naive
    try:
        located = rising.tz_localize(place, ambiguous="infer", nonexistent="raise")
    except ValueError as error:
        raise DataError(
            f"{source}: timestamps do not fit the clocks of {zone}: {error}. Export them in UTC or with offsets"
        ) from error
    return located[::-1] if newest_first else located


def _nanoseconds(moments: pd.DatetimeIndex) -> TimeArray:
    utc = moments if moments.tz is None else moments.tz_convert("UTC").tz_localize(None)
    return utc.to_numpy().astype("datetime64[ns]")


def _cell(text: pd.Series, position: int) -> str:
    return f"row {text.index[position]}: {text.iloc[position]!r}"
