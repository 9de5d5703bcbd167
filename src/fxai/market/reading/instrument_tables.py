"""Reads the bars of several instruments from a file with the rows of all of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.book_columns import find_book_columns, reads_book
from fxai.market.reading.columns import find_columns, name_ticks
from fxai.market.reading.instruments import EMPTY, NameColumn, instrument_column
from fxai.market.reading.parsed_table import ParsedTable
from fxai.market.reading.reading import read_parsed
from fxai.market.reading.rows import row_names
from fxai.market.reading.source_files import content_hash, source_files
from fxai.market.reading.table import joined_tables, read_tables
from fxai.spec.fields.data_config import DataConfig


def read_instrument_table(path: Path, config: DataConfig, wanted: Sequence[str] | None) -> dict[str, Reading]:
    """Read the bars of each instrument of a file.

    Args:
        path: A file.
        config: As for `reading.read_bar_file`; `instrument` is None.
        wanted: Names of the instruments to read; None: all.

    Returns:
        The readings by name, in the order of the names. The hash of each is that of the file.

    Raises:
        DataError: The file cannot be read, has no column of instruments, or lacks an instrument, or the bars of an
            instrument are wrong; the message has the instrument and the rows.
    """
    source = path.name
    files = source_files(path, source)
    table = joined_tables([table for file in files for table in read_tables(file.content, config, file.name)], source)
    if name_ticks(list(table.frame.columns), config.columns or {}):
        raise DataError(f"{source}: a file with ticks of several instruments is not read; write a file for each")
    column = _column(table, config, wanted)
    names = sorted(column.names if wanted is None else wanted)
    of_file = content_hash(files)
    return {name: _reading(table, column, name, config, of_file) for name in names}


def _column(table: ParsedTable, config: DataConfig, wanted: Sequence[str] | None) -> NameColumn:
    """The column of instruments, with all wanted names."""
    names = list(table.frame.columns)
    if reads_book(names, config):
        columns = find_book_columns(names, config, table.name).bars
    else:
        columns = find_columns(names, config, table.name)
    column = instrument_column(table.frame, columns, None if wanted is None else wanted[0])
    if column is None:
        raise DataError(
            f"{table.name}: data.instruments needs a column that names the instrument of each row, and the file has "
            f"none; write data.source as a mapping, such as {{EURUSD: {table.name}}}"
        )
    if missing := [name for name in wanted or () if name not in column.names]:
        raise DataError(
            f"{table.name}: data.instruments names {', '.join(missing)}, but the column {column.column!r} has "
            f"{column.shown}"
        )
    if wanted is None and EMPTY in column.names:
        rows = table.frame.index.to_numpy()[column.codes == column.names.index(EMPTY)]
        raise DataError(f"{table.name}: {row_names(rows.tolist())} have no instrument in the column {column.column!r}")
    return column


def _reading(table: ParsedTable, column: NameColumn, name: str, config: DataConfig, of_file: str) -> Reading:
    chosen = table.frame[column.codes == column.names.index(name)]
    try:
        return read_parsed(replace(table, frame=chosen), config, table.name, of_file)
    except DataError as error:
        raise DataError(f"instrument {name}: {error}") from error
