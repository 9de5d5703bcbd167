"""Reads the numbers of a column."""

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import FloatArray
from fxai.market.reading.rows import row_names


def numbers(table: pd.DataFrame, column: str, source: str) -> FloatArray:
    """A column as float64 [row]; NaN for an empty cell.

    Raises:
        DataError: For a cell that is neither empty nor a finite number.
    """
    cells = table[column]
    if cells.dtype == np.float64:
        found = cells.to_numpy()  # not a copy
    else:
        found = pd.to_numeric(cells, errors="coerce").to_numpy("float64", na_value=np.nan)
    wrong = ~np.isfinite(found)
    if wrong.any():
        wrong &= cells.notna().to_numpy()
    if wrong.any():
        cell = cells[wrong].iloc[0]
        rows = row_names(table.index[wrong].tolist())
        raise DataError(f"{source}: {column} is {str(cell)!r}, not a finite number in {rows}")
    return found
