"""Reads a table from the text of a CSV file with any separator."""

import io
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from fxai.errors import DataError
from fxai.market.reading.book_columns import names_book, names_book_numbers
from fxai.market.reading.columns import names_numbers, plain_name
from fxai.market.reading.header import HEADER_WITHIN, Header, find_header
from fxai.market.reading.layouts import check_layout, layout_note
from fxai.market.reading.parsed_table import ParsedTable
from fxai.market.reading.text_bytes import utf8_text
from fxai.market.reading.ticker_columns import rows_of_tickers
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import ALL

_NOT_NUMBERS = ("-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "-NaN", "-nan", "NaN", "nan")
_NULLS = (*_NOT_NUMBERS, "", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "NULL", "None", "n/a", "null")
"""Cells that count as empty: those of pandas."""
_LONGEST_HEADER = 100_000  # bytes of the lines in which the header is searched
_PART = 1 << 18  # bytes
_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


def csv_table(raw: bytes, config: DataConfig, name: str) -> ParsedTable:
    """The columns of a CSV file, indexed by the row number in the file, from 1.

    Cells are text; columns with names of prices, volume or spread are numbers if all of their cells are.

    Raises:
        DataError: If the columns are not known, or a row has more fields than the header.
    """
    text, notes = utf8_text(raw, name)
    first_lines = io.BytesIO(text).readlines(_LONGEST_HEADER)[:HEADER_WITHIN]
    header = find_header([line.decode(errors="replace") for line in first_lines], config.columns or {}, name)
    start = 0
    for _ in range(header.first_row - 1):
        start = (text.find(b"\n", start) + 1) or len(text)
    features = frozenset(map(plain_name, () if config.features.columns == ALL else config.features.columns))
    frame = _arrow_rows(text, start, header, features)
    if frame is None:
        frame = _pandas_rows(text, start, header, name)
    if header.tickers:
        frame = rows_of_tickers(frame.iloc[:, 0], frame.iloc[:, 1:], header.names[1:], header.tickers)
    if header.layout is not None:
        check_layout(frame, header.layout, name)
        notes = (*notes, layout_note(header.layout))
    return ParsedTable(name, frame, notes)


def _arrow_rows(text: bytes, start: int, header: Header, features: frozenset[str]) -> pd.DataFrame | None:
    """The rows as pyarrow reads them; None if it refuses them, or its rows are not the lines of the file.

    `features` has the plain names of further columns that have numbers.
    """
    if start == len(text):
        return None
    keys = [str(position) for position in range(len(header.names))]
    is_book = names_book(header.names)
    have_numbers = [
        names_numbers(name) or plain_name(name) in features or (is_book and names_book_numbers(name))
        for name in header.names
    ]
    types = [pa.float64() if each else pa.string() for each in have_numbers]
    for chosen in dict.fromkeys((tuple(types), (pa.string(),) * len(keys))):
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(pa.py_buffer(text).slice(start)),
                read_options=pa_csv.ReadOptions(column_names=keys),
                parse_options=pa_csv.ParseOptions(delimiter=header.separator),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict(zip(keys, chosen, strict=True)),
                    null_values=list(_NULLS),
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            continue
        if table.num_rows != _count_lines(text, start):
            return None
        frame = table.combine_chunks().to_pandas(types_mapper={pa.string(): _TEXT}.get, split_blocks=True)
        return _numbered(frame, header)
    return None


def _count_lines(text: bytes, start: int) -> int:
    """Number of lines from a position on, in parts that fit the processor's cache."""
    signs = np.frombuffer(text, np.uint8, offset=start)
    parts = (signs[first : first + _PART] for first in range(0, len(signs), _PART))
    return sum(int(np.count_nonzero(part == ord("\n"))) for part in parts) + (not text.endswith(b"\n"))


def _pandas_rows(text: bytes, start: int, header: Header, name: str) -> pd.DataFrame:
    """The rows of any other file: with blank lines, line breaks within quotes, or short rows."""
    width = len(header.names)
    # The row before the first one has the number of fields; else pandas would use an extra field as an index.
    before = header.separator.join("x" * width) + "\n"
    try:
        frame = pd.read_csv(
            io.BytesIO(before.encode() + text[start:]),
            sep=header.separator,
            header=None,
            dtype=str,
            skip_blank_lines=False,
            na_values=list(_NULLS),
            keep_default_na=False,
        )
    except pd.errors.ParserError as error:
        raise DataError(
            f"{name}: {faulty_row(str(error), header.first_row)}; every row must have as many fields as the header "
            "(a decimal comma between commas splits a number in two: export with decimal points or semicolons)"
        ) from error
    return _numbered(frame.iloc[1:], header)


def faulty_row(message: str, first_row: int) -> str:
    """Message of pandas with the number of the row in the file, whose rows begin at the line `first_row`."""
    if match := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        return f"row {int(match[2]) + first_row - 2} has {match[3]} fields instead of {match[1]}"
    return message.strip()


def _numbered(frame: pd.DataFrame, header: Header) -> pd.DataFrame:
    """The table with its names and row numbers, without empty rows."""
    named = frame.set_axis(list(header.names), axis="columns")
    named.index = pd.RangeIndex(header.first_row, header.first_row + len(frame))
    return named.dropna(how="all") if frame.iloc[:, 0].hasnans else named
