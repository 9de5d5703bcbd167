"""Reads a table from the text of a CSV file with any separator."""

import io

import pandas as pd

from fxai.errors import DataError
from fxai.market.reading.columns import names_an_open

_SEPARATORS = (",", ";", "\t")
_HEADER_WITHIN = 10  # lines; some exports have a title above the header


def csv_table(text: str, name: str) -> pd.DataFrame:
    """The columns of a CSV file as text, indexed by the row number in the file, from 1.

    Raises:
        DataError: If there is no header with column names, or a row has more fields than the header.
    """
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
