"""Converts the timestamps of files to UTC.

A timestamp without a zone is in `data.timezone`. When clocks go back, an hour occurs twice; the two hours are
distinguished by the order of rows, and a file where that is not possible is refused. Ambiguous dates with slashes (day
first or month first) are refused too.
"""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import TimeArray

_OFFSET = r":\d{2}(?:\.\d+)?\s*(?:Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?)$"
_ZONE_WORD = r"\s*(?:UTC|GMT)?(?=[+-]\d{2}:?(?:\d{2})?$)|\s*(?:UTC|GMT)$"
_FORMATS = ("%d.%m.%Y %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y-%m-%d %I-%p")
_EPOCH_UNITS = (
    (1e11, 10**9),
    (1e14, 10**6),
    (1e17, 10**3),
    (9e18, 1),
)  # bound of the numbers, and their unit in nanoseconds
_DATE_DIGITS = 8  # 20170131


def read_times(table: pd.DataFrame, columns: tuple[str, ...], zone: str, source: str) -> TimeArray:
    """The time of each row as datetime64[ns] in UTC.

    Args:
        table: Cells, indexed by row number.
        columns: Names of the column of the time, or of a date and a time of day.
        zone: Time zone of timestamps without one; a column whose name has GMT or UTC is in UTC.
        source: Name in messages.

    Raises:
        DataError: If a timestamp cannot be read; the message has the row.
    """
    stamps = table[columns[0]]
    for clock in columns[1:]:
        stamps = stamps.astype(str) + " " + table[clock].astype(str)
    named_utc = any(word in columns[0].lower() for word in ("gmt", "utc"))
    return to_utc(stamps, "UTC" if named_utc else zone, source)


def to_utc(stamps: pd.Series, zone: str, source: str) -> TimeArray:
    """Timestamps [bar] of a column (text, numbers or datetimes, indexed by row number) as datetime64[ns] in UTC."""
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
        raise DataError(f"{source}: {bare} has no time zone, other rows have one")
    return _nanoseconds(_located(_parsed(text, source).tz_localize(None), zone, source))


def _parsed(text: pd.Series, source: str, offset: str = "") -> pd.DatetimeIndex:
    for form in ("ISO8601", *(known + offset for known in _FORMATS)):
        # if the first row has this format, all rows must have it
        if pd.isna(pd.to_datetime(text.iloc[:1], format=form, errors="coerce", utc=True).iloc[0]):
            continue
        parsed = pd.to_datetime(text, format=form, errors="coerce", utc=True)
        if parsed.hasnans:
            bad = _cell(text, int(parsed.isna().argmax()))
            raise DataError(f"{source}: {bad} does not have the format of the first timestamp, {text.iloc[0]!r}")
        return pd.DatetimeIndex(parsed)
    raise DataError(
        f"{source}: the format of the timestamp {text.iloc[0]!r} is unknown; write ISO 8601 (2017-01-31 22:00), "
        "31.01.2017 22:00:00.000, or seconds or milliseconds since 1970"
    )


def _from_epoch(text: pd.Series, source: str) -> TimeArray:
    numbers = text.astype(float).to_numpy()
    largest = int(numbers.argmax())
    unit = next((unit for bound, unit in _EPOCH_UNITS if numbers[largest] < bound), None)
    if unit is None:
        raise DataError(f"{source}: {_cell(text, largest)} is not a number of seconds (or ms, us, ns) since 1970")
    whole = text.str.split(".").str[0].astype("int64").to_numpy()
    return (whole * unit).astype("datetime64[ns]")


def _located(naive: pd.DatetimeIndex, zone: str, source: str) -> pd.DatetimeIndex:
    """Set the time zone of moments without one."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DataError(f"data.timezone {zone!r} is not a time zone; write one such as Europe/Berlin or UTC") from error
    newest_first = len(naive) > 1 and naive[0] > naive[-1]
    rising = naive[::-1] if newest_first else naive
    try:
        located = rising.tz_localize(place, ambiguous="infer", nonexistent="raise")
    except ValueError as error:
        raise DataError(
            f"{source}: a timestamp is ambiguous or does not exist in {zone}: {error}. Export in UTC or with offsets"
        ) from error
    return located[::-1] if newest_first else located


def _nanoseconds(moments: pd.DatetimeIndex) -> TimeArray:
    utc = moments if moments.tz is None else moments.tz_convert("UTC").tz_localize(None)
    return utc.to_numpy().astype("datetime64[ns]")


def _cell(text: pd.Series, position: int) -> str:
    return f"row {text.index[position]}: {text.iloc[position]!r}"
