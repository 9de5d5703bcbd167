"""Reads a table of news from the bytes of a file. Cells of text files stay text, so that NA is a name."""

import io

import pandas as pd

from fxai.errors import DataError
from fxai.market.reading.csv_table import faulty_row
from fxai.market.reading.header import fields, separator_of
from fxai.market.reading.json_rows import json_table, looks_like_json
from fxai.market.reading.parsed_table import ParsedTable
from fxai.market.reading.table import arrow_table
from fxai.market.reading.text_bytes import utf8_text
from fxai.market.reading.unpack import unpacked


def news_tables(raw: bytes, name: str) -> tuple[ParsedTable, ...]:
    """The tables in a file: one, or one of each file in a zip file.

    The first line of a text file has the names of the columns. Rows have the number that a spreadsheet shows, from 1,
    or that of the record in files of other types.

    Raises:
        DataError: If the content cannot be read as a table.
    """
    return tuple(_table(content, member) for member, content in unpacked(raw, name))


def _table(raw: bytes, name: str) -> ParsedTable:
    if (frame := arrow_table(raw, name)) is not None:
        return ParsedTable(name, frame)
    if looks_like_json(raw):
        return ParsedTable(name, json_table(raw, name))
    text, notes = utf8_text(raw, name)
    return ParsedTable(name, _text_rows(text, name), notes)


def _text_rows(text: bytes, name: str) -> pd.DataFrame:
    first = text.partition(b"\n")[0].decode().rstrip("\r")
    if not first.strip():
        raise DataError(f"{name}: the first line is empty; it must have the names of the columns")
    separator = separator_of(first)
    names = fields(first, separator)
    # The row in place of the header has the number of fields; else pandas would use an extra field as an index.
    first_row = separator.join("x" * len(names)) + "\n"
    try:
        frame = pd.read_csv(
            io.BytesIO(first_row.encode() + text.partition(b"\n")[2]),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
        ).iloc[1:]
    except pd.errors.ParserError as error:
        raise DataError(
            f"{name}: {faulty_row(str(error), 2)}; every row must have as many fields as the first line, and a text "
            f"with {separator!r} in it must be in quotes"
        ) from error
    frame = frame.set_axis(names, axis="columns").set_axis(pd.RangeIndex(2, len(frame) + 2))
    return frame[(frame.fillna("") != "").any(axis="columns")]
