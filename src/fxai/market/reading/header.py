"""Finds where the rows of a CSV file begin, what separates the fields, and the names of its columns."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fxai.errors import DataError
from fxai.market.reading.book_columns import names_book
from fxai.market.reading.columns import name_ticks, names_an_open, plain_name
from fxai.market.reading.layouts import Layout, how_to_name_columns, layout_of
from fxai.spec.fields.data_config import GivenColumns

_SEPARATORS = (",", ";", "\t")
HEADER_WITHIN = 10
"""Number of lines that may have the header; some exports have a title above it."""
_INDEX_NAMES = ("date", "datetime")  # of the third row of yfinance


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, and where the rows begin."""

    names: tuple[str, ...]
    separator: str
    first_row: int  # number of the first line with data, from 1
    layout: Layout | None = None  # of a file without a header
    tickers: tuple[str, ...] = ()  # of the columns after the first, if the file names them in a row of their own


def find_header(lines: Sequence[str], given: GivenColumns, name: str) -> Header:
    """The header of a file.

    Args:
        lines: The first lines, `HEADER_WITHIN` of them if there are as many.
        given: `data.columns`.
        name: Name in messages.

    Raises:
        DataError: If there is none, and neither `data.columns` nor a layout says the columns.
    """
    filled = [(index, line) for index, line in enumerate(lines) if line.strip()]
    if not filled:
        raise DataError(f"{name}: the file is empty")
    known = {plain_name(key) for key in given.values() if isinstance(key, str)}
    for index, line in filled:
        separator = separator_of(line)
        cells = fields(line, separator)
        has_known = any(names_an_open(cell) or plain_name(cell) in known for cell in cells)
        if has_known or name_ticks(cells) or names_book(cells):
            return _with_index_row(cells, separator, index, lines)
    index, line = filled[0]
    separator = separator_of(line)
    cells = fields(line, separator)
    if known:
        raise DataError(
            f"{name}: none of the first {HEADER_WITHIN} lines has the names of data.columns, {_names(given)}; "
            f"the first line is {line.strip()[:80]!r}"
        )
    if given:
        positions = [key for key in given.values() if isinstance(key, int) and key <= len(cells)]
        if not any(re.search(r"\d", cells[position - 1]) for position in positions):
            return Header(tuple(cells), separator, index + 2)  # names of another language
        return Header(tuple(f"column {number}" for number in range(1, len(cells) + 1)), separator, index + 1)
    layout = layout_of(cells)
    if layout is None:
        raise DataError(
            f"{name}: there is no header with column names; the first line is {line.strip()[:80]!r}. "
            f"{how_to_name_columns()}"
        )
    return Header(layout.columns, separator, index + 1, layout)


def _names(given: GivenColumns) -> str:
    """The names among the columns of `data.columns`."""
    return ", ".join(key for key in given.values() if isinstance(key, str))


def fields(line: str, separator: str) -> list[str]:
    """The cells of one line, without quotes."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])
    except csv.Error:  # such as a line break within the line
        return line.split(separator)


def separator_of(line: str) -> str:
    """The sign that separates the fields of a line: the most frequent one of comma, semicolon and tab."""
    return max(_SEPARATORS, key=line.count)


def _with_index_row(cells: list[str], separator: str, index: int, lines: Sequence[str]) -> Header:
    """The header of one line, or that of yfinance: fields, tickers, and a row with the name of the index alone.

    The row of tickers is below that of the fields, or above it with `group_by="ticker"`.
    """
    for tickers_at, index_at in ((index + 1, index + 2), (index - 1, index + 1)):
        if not 0 <= tickers_at < index_at < len(lines):
            continue
        tickers, row = fields(lines[tickers_at], separator), fields(lines[index_at], separator)
        is_index_row = bool(row) and plain_name(row[0]) in _INDEX_NAMES and not any(cell.strip() for cell in row[1:])
        if is_index_row and len(tickers) == len(cells) and plain_name(tickers[0]) in ("ticker", ""):
            return Header((row[0], *cells[1:]), separator, index_at + 2, tickers=tuple(tickers[1:]))
    return Header(tuple(cells), separator, index + 2)
