"""Checks the prices and volumes of bars."""

import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import FloatArray
from fxai.market.reading.columns import Columns
from fxai.market.reading.numbers import named_rows, numbers


def check_prices(prices: dict[str, pd.Series], source: str) -> None:
    """Check open, high, low and close [row], indexed by row number.

    Raises:
        DataError: If a price is not above zero, or a high is below its low.
    """
    for column, values in prices.items():
        if (values <= 0).any():
            raise DataError(
                f"{source}: {column} must be above zero in {named_rows(values <= 0)}; correct or remove them"
            )
    inverted = prices["high"] < prices["low"]
    if inverted.any():
        raise DataError(f"{source}: high is below low in {named_rows(inverted)}; correct or remove them")


def read_volume(table: pd.DataFrame, columns: Columns, source: str) -> FloatArray | None:
    """Volume of each row; None if the file has none or only zeros (MetaTrader's VOL of a currency).

    Raises:
        DataError: If a volume is not a number or negative.
    """
    if columns.volume is None:
        return None
    volume = numbers(table, columns.volume, source)
    if (volume < 0).any():
        raise DataError(f"{source}: {columns.volume} is negative in {named_rows(volume < 0)}")
    return volume.to_numpy() if volume.any() else None
