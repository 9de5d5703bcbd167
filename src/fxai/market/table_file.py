"""Reads a table from a CSV or Parquet file with any separator, encoding and compression."""

import gzip
import io
import zlib

import pandas as pd

from fxai.errors import DataError
from fxai.market.columns import names_an_open

_SEPARATORS = (",", ";", "\t")
_HEADER_WITHIN = 10  # lines; some exports have a title above the header


def read_table(raw: bytes, name: str) -> pd.DataFrame:
    """The file's columns under its names, indexed by the row number in the file, from 1.

    The file type is detected from the content, not from the suffix. CSV cells are text; Parquet cells keep their types.

    Args:
        raw: Content of the file.
        name: Name in messages.

    Raises:
        DataError: If the content cannot be read as a table.
    """
    if raw.startswith(b"PAR1"):
        return _parquet(raw, name)
    return _csv(_text(_unpacked(raw, name), name), name)


def _unpacked(raw: bytes, name: str) -> bytes:
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name}: the gzip file is damaged or truncated ({error})") from error


def _text(raw: bytes, name: str) -> str:
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: neither Parquet nor text in UTF-8 or UTF-16; export it as CSV") from error


def _parquet(raw: bytes, name: str) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(io.BytesIO(raw), engine="pyarrow")
    except (ValueError, OSError) as error:
        raise DataError(f"{name}: the Parquet file cannot be read ({error})") from error
    return with_row_numbers(frame)


def with_row_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """A data frame in the form of `read_table`: columns named by text, including the time, and rows numbered from 1."""
    columns = frame.set_axis(pd.RangeIndex(1, len(frame) + 1)).rename(columns=str)
    if isinstance(frame.index, pd.DatetimeIndex):
        # A column with the index's name is preferred, since pandas may write an index beside its original column.
        free = [name for name in (str(frame.index.name or "time"), "time") if name not in columns]
        if free:
            columns.insert(0, free[0], frame.index)
    return columns


def _csv(text: str, name: str) -> pd.DataFrame:
    header, separator = _header(text, name)
    try:
        # The header is read as a row; else pandas would use an extra field (a likely decimal comma) as an index.
        lines = pd.read_csv(
            io.StringIO(text), sep=separator, skiprows=header, header=None, dtype=str, skip_blank_lines=False
        )
    except pd.errors.ParserError as error:
        raise DataError(
            f"{name}: {str(error).strip()}; every row must have as many fields as the header "
            "(a decimal comma splits a number in two: write decimal points)"
        ) from error
    lines.index = pd.RangeIndex(header + 1, header + 1 + len(lines))
    return lines.iloc[1:].set_axis(lines.iloc[0].fillna("").astype(str), axis="columns").dropna(how="all")


def _header(text: str, name: str) -> tuple[int, str]:
    """Index of the line with the column names, and the separator."""
    lines = [line for _, line in zip(range(_HEADER_WITHIN), io.StringIO(text), strict=False)]
    if not "".join(lines).strip():
        raise DataError(f"{name}: the file is empty")
    for index, line in enumerate(lines):
        separator = max(_SEPARATORS, key=line.count)
        if any(names_an_open(cell) for cell in line.split(separator)):
            return index, separator
    raise DataError(
        f"{name}: there is no header with column names; the first line is {lines[0].strip()[:80]!r}. "
        "Put a header above the data: time,open,high,low,close,volume"
    )
