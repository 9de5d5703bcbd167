"""Reads the numbers of a column, and names rows in messages."""

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.reading.rows import row_names


def numbers(table: pd.DataFrame, column: str, source: str) -> pd.Series:
    """A column as float64, indexed by row number.

    Raises:
        DataError: For an empty cell or a cell that is not a finite number.
    """
    cells = table[column]
    found = pd.to_numeric(cells, errors="coerce").astype("float64")
    wrong = ~found.between(-np.inf, np.inf, inclusive="neither")
    if wrong.any():
        cell = cells[wrong].iloc[0]
        text = "empty" if pd.isna(cell) else f"{cell!r}, not a finite number"
        comma = "; write decimal points" if isinstance(cell, str) and "," in cell else ""
        raise DataError(f"{source}: {column} is {text} in {named_rows(wrong)}{comma}")
    return found


def named_rows(wrong: pd.Series) -> str:
    """The row numbers at which a column of booleans, indexed by row number, is true; the first ones of many."""
    return row_names(wrong.index[wrong.to_numpy()].tolist())
