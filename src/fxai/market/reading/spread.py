"""Reads the spread of each bar from its column."""

import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import FloatArray
from fxai.market.reading.columns import Columns
from fxai.market.reading.numbers import named_rows, numbers
from fxai.spec.fields.data_config import DataConfig

_WIDEST_SPREAD = 0.05  # share of the price, median; a larger spread indicates points instead of prices


def read_spread(
    table: pd.DataFrame, columns: Columns, config: DataConfig, opens: pd.Series, source: str
) -> FloatArray | None:
    """Full bid-ask spread [row] in units of price; None if no column is read.

    Raises:
        DataError: If a spread is negative or the unit is implausible.
    """
    if columns.spread is None:
        return None
    spread = numbers(table, columns.spread, source) * config.spread_unit
    if (spread < 0).any():
        raise DataError(f"{source}: {columns.spread} is negative in {named_rows(spread < 0)}")
    if (share := float((spread / opens).median())) > _WIDEST_SPREAD:
        raise DataError(
            f"{source}: {columns.spread} times data.spread_unit {config.spread_unit:g} is {share:.0%} of the price; "
            "set data.spread_unit to the price of one unit (a point of EURUSD: 0.00001)"
        )
    return spread.to_numpy()
