"""A table of text out of a CSV or Parquet file, whatever its separator, encoding and compression."""

import gzip
import io
import zlib

import pandas as pd

from fxai.errors import DataError
from fxai.market.columns import names_an_open

_SEPARATORS = (",", ";", "\t")
_HEADER_WITHIN = 10  # lines: some exports put an address or a title above the header


def read_table(raw: bytes, name: str) -> pd.DataFrame:
    """The file's columns as it names them, indexed by the row's number in the file, the first line being 1.

    The kind of file is told by its content, not by its suffix. CSV cells are text, Parquet cells keep
    their types.
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
        raise DataError(f"{name}: the gzip file is damaged or cut off ({error})") from error


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
    return numbered(frame)


def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """A data frame as `read_table` gives one: columns named by text, one of them the time, rows numbered from 1."""
    columns = frame.set_axis(pd.RangeIndex(1, len(frame) + 1)).rename(columns=str)
    if isinstance(frame.index, pd.DatetimeIndex):
        # A column of the index's name goes before the index: pandas writes an index beside the column it was made from.
        free = [name for name in (str(frame.index.name or "time"), "time") if name not in columns]
        if free:
            columns.insert(0, free[0], frame.index)
    return columns


def _csv(text: str, name: str) -> pd.DataFrame:
    header, separator = _header(text, name)
    try:
        # the header is read as a row: pandas would take an extra field for an index, where a decimal comma is likely
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
    """Index of the line that names the columns, and what separates them."""
    lines = [line for _, line in zip(range(_HEADER_WITHIN), io.StringIO(text), strict=False)]
    if not "".join(lines).strip():
        raise DataError(f"{name}: the file is empty")
    for index, line in enumerate(lines):
        separator = max(_SEPARATORS, key=line.count)
        if any(names_an_open(cell) for cell in line.split(separator)):
            return index, separator
    raise DataError(
        f"{name}: no line names the columns; the first line is {lines[0].strip()[:80]!r}. "
        "Put a header above the data: time,open,high,low,close,volume"
    )
