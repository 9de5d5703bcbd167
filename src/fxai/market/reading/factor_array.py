"""Reads NumPy arrays of factors, such as those of the starter kit of the FinRL Contest 2024, as further columns."""

import io

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import ReadingNote
from fxai.market.reading.parsed_table import ParsedTable

_NUMPY = b"\x93NUMPY"
_FACTOR = "factor_"
_DIMENSIONS = 2


def looks_like_array(raw: bytes) -> bool:
    """Whether the content is that of a `.npy` file."""
    return raw.startswith(_NUMPY)


def array_table(raw: bytes, name: str) -> ParsedTable:
    """The columns `factor_0`, `factor_1`, … of an array [row, factor] or [row].

    Raises:
        DataError: If the array is damaged, or has no numbers or another shape.
    """
    try:
        found = np.load(io.BytesIO(raw), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{name}: the NumPy file cannot be read ({error})") from error
    if not np.issubdtype(found.dtype, np.number) or np.iscomplexobj(found):
        raise DataError(f"{name}: the array has values of the type {found.dtype}, and factors are real numbers")
    if found.ndim not in (1, _DIMENSIONS) or 0 in found.shape:
        raise DataError(f"{name}: the array has the shape {found.shape}; an array of factors is [row, factor]")
    values = found.reshape(len(found), -1).astype(np.float64)
    names = [f"{_FACTOR}{number}" for number in range(values.shape[1])]
    frame = pd.DataFrame(values, columns=names, index=pd.RangeIndex(1, len(values) + 1))
    return ParsedTable(name, frame, is_array=True)


def with_factors(table: ParsedTable, factors: ParsedTable) -> ParsedTable:
    """A table with the columns of an array, whose rows are those of the table in the order of the file.

    Raises:
        DataError: If they have other numbers of rows, or a column of the same name.
    """
    if len(factors.frame) != len(table.frame):
        raise DataError(
            f"{factors.name}: the array has {len(factors.frame)} rows, and {table.name} has {len(table.frame)}; an "
            "array of factors has one row for each row of the file"
        )
    names = list(factors.frame.columns)
    if twice := [name for name in names if name in table.frame.columns]:
        raise DataError(f"{table.name} and {factors.name} both have the column {twice[0]!r}; rename it in the table")
    frame = pd.concat([table.frame, factors.frame.set_axis(table.frame.index)], axis="columns")
    shown = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    note = ReadingNote("factors", f"{factors.name} has the columns {shown} of the rows of {table.name}", len(frame))
    return ParsedTable(table.name, frame, (*table.notes, note))
