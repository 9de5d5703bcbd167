"""Reads a table from the bytes of files: CSV with any separator, JSON, Parquet, Arrow or NumPy, compressed or not."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fxai.errors import DataError
from fxai.market.bars import ReadingNote
from fxai.market.reading.csv_table import csv_table
from fxai.market.reading.factor_array import array_table, looks_like_array, with_factors
from fxai.market.reading.json_rows import json_table, looks_like_json
from fxai.market.reading.parsed_table import ParsedTable
from fxai.market.reading.ticker_columns import with_one_name
from fxai.market.reading.unpack import unpacked
from fxai.spec.fields.data_config import DataConfig

_ARROW_FILE = b"ARROW1"
_ARROW_STREAM = b"\xff\xff\xff\xff"  # of the first message


def read_tables(raw: bytes, config: DataConfig, name: str) -> tuple[ParsedTable, ...]:
    """The tables in a file: one, or one of each file in a zip file.

    The file type is detected from the content, not from the suffix. Rows are numbered from 1.

    Args:
        raw: Content of the file.
        config: Columns that are not recognized by their names.
        name: Name in messages.

    Raises:
        DataError: If the content cannot be read as a table.
    """
    return tuple(_table(content, config, member) for member, content in unpacked(raw, name))


def joined_tables(tables: Sequence[ParsedTable], source: str) -> ParsedTable:
    """The rows of several tables with the same columns, numbered from 1 over all of them.

    An array of factors has further columns of these rows.

    Raises:
        DataError: If their columns differ, or an array does not fit the rows.
    """
    arrays = [table for table in tables if table.is_array]
    others = [table for table in tables if not table.is_array]
    if not arrays:
        return _joined_rows(others, source)
    if not others or len(arrays) > 1:
        raise DataError(
            f"{source}: {arrays[-1].name} is an array of factors; it needs one table with the times and prices of its "
            f"rows, and no other array. Name both files by a pattern as data.source, such as BTC_1sec*"
        )
    return with_factors(_joined_rows(others, source), arrays[0])


def _joined_rows(tables: Sequence[ParsedTable], source: str) -> ParsedTable:
    """The rows of tables without arrays."""
    if len(tables) == 1:
        return tables[0]
    names = list(tables[0].frame.columns)
    for table in tables:
        if list(table.frame.columns) != names:
            raise DataError(
                f"{source}: {table.name} has the columns {', '.join(table.frame.columns)}; {tables[0].name} has "
                f"{', '.join(names)}. Files that are joined need the same columns"
            )
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    text = f"{len(tables)} files were joined in the order of their names; row numbers count the rows of all"
    notes = dict.fromkeys(note for table in tables for note in table.notes)
    return ParsedTable(source, frame, (ReadingNote("files", text, len(frame)), *notes))


def _table(raw: bytes, config: DataConfig, name: str) -> ParsedTable:
    if (frame := arrow_table(raw, name)) is not None:
        return ParsedTable(name, frame)
    if looks_like_array(raw):
        return array_table(raw, name)
    if looks_like_json(raw):
        return ParsedTable(name, json_table(raw, name))
    return csv_table(raw, config, name)


def arrow_table(raw: bytes, name: str) -> pd.DataFrame | None:
    """The table of a Parquet or Arrow file, with rows from 1; None for another file.

    Raises:
        DataError: If such a file cannot be read.
    """
    if raw.startswith(b"PAR1"):
        return _parquet(raw, name)
    return _arrow(raw, name) if raw.startswith((_ARROW_FILE, _ARROW_STREAM)) else None


def _parquet(raw: bytes, name: str) -> pd.DataFrame:
    try:
        return with_row_numbers(_frame(pq.read_table(pa.BufferReader(raw))))
    except (ValueError, OSError, pa.ArrowException) as error:
        raise DataError(f"{name}: the Parquet file cannot be read ({error})") from error


def _frame(table: pa.Table) -> pd.DataFrame:
    """A data frame of an Arrow table.

    Columns are converted one at a time, and their Arrow memory is given back, so that no two columns are in memory
    twice.
    """
    names = table.column_names
    if not _has_plain_columns(table):
        frame: pd.DataFrame = table.to_pandas()
        return frame
    columns = {}
    for name in names:
        columns[name] = table.column(name).to_pandas()
        table = table.drop_columns([name])
        pa.default_memory_pool().release_unused()
    return pd.DataFrame(columns, columns=names, copy=False)


def _has_plain_columns(table: pa.Table) -> bool:
    """Whether a table has distinct names of one level, and no index of pandas but the row numbers."""
    written = table.schema.pandas_metadata
    if len(set(table.column_names)) < len(table.column_names) or not table.column_names:
        return False
    if written is None:
        return True
    return all(isinstance(each, dict) for each in written["index_columns"]) and len(written["column_indexes"]) <= 1


def _arrow(raw: bytes, name: str) -> pd.DataFrame:
    try:
        opened = pa.ipc.open_file if raw.startswith(_ARROW_FILE) else pa.ipc.open_stream
        return with_row_numbers(_frame(opened(pa.BufferReader(raw)).read_all()))
    except (ValueError, OSError, pa.ArrowException) as error:
        raise DataError(f"{name}: the Arrow file cannot be read ({error})") from error


def with_row_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """A data frame in the form of `read_tables`: columns named by text, including the time, and rows from 1."""
    if frame.columns.nlevels > 1:
        return with_one_name(frame)
    columns = frame.set_axis(pd.RangeIndex(1, len(frame) + 1)).rename(columns=str)
    if isinstance(frame.index, pd.DatetimeIndex):
        # A column with the index's name is preferred, since pandas may write an index beside its original column.
        free = [name for name in (str(frame.index.name or "time"), "time") if name not in columns]
        if free:
            columns.insert(0, free[0], frame.index)
    return columns
