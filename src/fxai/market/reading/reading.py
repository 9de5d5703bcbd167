"""Reads bars from files or a data frame.

The steps: columns, the rows of one instrument, times, numbers and their checks, order, bars that are probably wrong.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, Reading, ReadingNote, TimeArray
from fxai.market.reading.book_columns import find_book_columns, reads_book
from fxai.market.reading.columns import find_columns, name_ticks
from fxai.market.reading.further_columns import further_columns
from fxai.market.reading.instruments import rows_of_instrument
from fxai.market.reading.number_texts import with_plain_numbers
from fxai.market.reading.order import in_order
from fxai.market.reading.order_book import book_note
from fxai.market.reading.parsed_table import ParsedTable
from fxai.market.reading.resample import resampled
from fxai.market.reading.rows import NAMED
from fxai.market.reading.source_files import content_hash, source_files
from fxai.market.reading.suspicious import without_suspicious
from fxai.market.reading.table import joined_tables, read_tables, with_row_numbers
from fxai.market.reading.ticks import read_ticks
from fxai.market.reading.times.strays import stray_bars
from fxai.market.reading.times.utc import read_times
from fxai.market.reading.values import read_values
from fxai.spec.fields.data_config import DataConfig


def read_bar_file(path: Path, config: DataConfig, name: str | None = None) -> Reading:
    """Read, check and sort the bars of a file.

    Rows may be in any order. Rows with the time and the prices of another row are dropped. No value is filled in or
    corrected.

    Args:
        path: A file, a folder, or a path with a pattern, whose files are joined.
        config: Time zone, columns, instrument, spread column and unit, rules for rows that are probably wrong.
        name: Name in messages; the default is the file name.

    Raises:
        DataError: If the file cannot be read or a value is wrong; the message has the rows.
    """
    source = name or path.name
    files = source_files(path, source)
    data_hash = content_hash(files)
    tables = [table for file in files for table in read_tables(file.content, config, file.name)]
    del files  # their content takes memory
    joined = joined_tables(tables, source)
    try:
        return read_parsed(joined, config, source, data_hash)
    except DataError as error:
        if len(tables) == 1 or any(table.is_array for table in tables):
            raise
        for table in tables:
            if len(table.frame) > 1:
                read_parsed(table, config, table.name, "")  # raises the error with the file and its row
        raise DataError(f"{error}. If each file has another instrument, set data.instruments to all") from error


def read_bar_frame(frame: pd.DataFrame, config: DataConfig, name: str = "data frame") -> Reading:
    """Bars of a data frame with the same columns as a file; an index of datetimes is the time. See `read_bar_file`."""
    table = with_row_numbers(frame)
    rows = pd.util.hash_pandas_object(table).to_numpy()
    return read_parsed(ParsedTable(name, table), config, name, hashlib.sha256(rows.tobytes()).hexdigest())


def read_parsed(parsed: ParsedTable, config: DataConfig, source: str, data_hash: str) -> Reading:
    """The bars of a table with the hash `data_hash`. See `read_bar_file`."""
    if name_ticks(list(parsed.frame.columns), config.columns or {}):
        return read_ticks(parsed, config, source, data_hash)
    return resampled(_read_bars(parsed, config, source, data_hash), config.resample)


def _read_bars(parsed: ParsedTable, config: DataConfig, source: str, data_hash: str) -> Reading:
    names = [str(name) for name in parsed.frame.columns]
    book = find_book_columns(names, config, source) if reads_book(names, config) else None
    columns = find_columns(names, config, source) if book is None else book.bars
    if parsed.frame.empty:
        raise DataError(f"{source}: the file has a header and no bars")
    table, of_instrument = rows_of_instrument(parsed.frame, columns, config.instrument, source)
    read = columns.all if book is None else (*columns.all, *book.names.values())
    further, of_columns = further_columns(table, read, config, source)
    table, of_numbers = with_plain_numbers(table, columns.prices, (*columns.further, *further.values()), config, source)
    times = read_times(table, columns.time, config, source)
    values, of_values = read_values(table, columns, times.utc, config, source, features=further, book=book)
    ordered, faults = in_order(values, config.clean)
    rows, of_bars = without_suspicious(ordered, config.clean)
    if len(rows.time) < 2:  # noqa: PLR2004 - bars have a length
        raise DataError(f"{source}: the file has {['no', 'one'][len(rows.time)]} bar; at least two are needed")
    bars = Bars(
        name=source,
        content_hash=data_hash,
        time=rows.time,
        **rows.prices,
        volume=rows.further.get("volume"),
        spread=rows.further.get("spread"),
        columns=rows.columns,
        book=rows.book,
    )
    of_file = parsed.notes if book is None else (book_note(book, config, len(rows.time)), *parsed.notes)
    found = (
        *of_file,
        *of_instrument,
        *of_columns,
        *of_numbers,
        *of_values,
        *faults.notes,
        *of_bars,
        *times.notes,
    )
    faults = replace(faults, rows_read=len(table), notes=(*found, *_stray_note(rows.time, rows.numbers)))
    return Reading(bars, faults, (book or columns).named(), times.form, times.zone)


def _stray_note(time: TimeArray, rows: NDArray[np.int64]) -> tuple[ReadingNote, ...]:
    """A note on bars [bar] far from all others, with their row numbers."""
    stray = np.flatnonzero(stray_bars(time))
    if not stray.size:
        return ()
    moment = np.datetime_as_string(time[stray[0]], unit="m").replace("T", " ")
    text = f"{moment} is far from the times of the other bars and probably wrong; bars per year are counted without it"
    return (ReadingNote("stray times", text, len(stray), tuple(rows[stray[:NAMED]].tolist())),)
