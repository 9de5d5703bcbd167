"""Reads a table from the bytes of a CSV or Parquet file with any separator, encoding and compression."""

import io

import pandas as pd

from fxai.errors import DataError
from fxai.market.reading.csv_table import csv_table
from fxai.market.reading.unpack import unpacked


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
    return csv_table(_text(unpacked(raw, name), name), name)


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
