"""Recognizes a table with several instruments."""

import pandas as pd

from fxai.errors import DataError
from fxai.market.reading.columns import Columns


def check_one_symbol(table: pd.DataFrame, columns: Columns, source: str) -> None:
    """Check for one symbol, because rows of two symbols with one timestamp would count as duplicates.

    Raises:
        DataError: If the column of symbols has more than one.
    """
    if columns.symbol is None:
        return
    symbols = [str(symbol) for symbol in table[columns.symbol].unique()]
    if len(symbols) > 1:
        raise DataError(f"{source}: the file has several symbols ({', '.join(symbols[:5])}); use one file per symbol")
