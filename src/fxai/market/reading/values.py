"""The values of a table's rows: prices, volume, spread and further columns as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.market.bars import FloatArray, ReadingNote, TimeArray
from fxai.market.reading.book_columns import BookColumns
from fxai.market.reading.columns import Columns
from fxai.market.reading.further_columns import further_values
from fxai.market.reading.invalid import Fault, valid_rows
from fxai.market.reading.numbers import numbers
from fxai.market.reading.order_book import read_book
from fxai.market.reading.spread import spread_in_price
from fxai.spec.fields.data_config import DataConfig

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class BarRows:
    """The values of rows."""

    source: str  # name in messages
    numbers: NDArray[np.int64]  # [row], number of each row in the file
    time: TimeArray  # [row], UTC
    prices: dict[str, FloatArray]  # [row] each: open, high, low, close
    further: dict[str, FloatArray]  # [row] each: volume, spread
    columns: dict[str, FloatArray] = field(
        default_factory=dict
    )  # [row] each: those of `data.features.columns`; NaN before the first value
    book: dict[str, FloatArray] = field(default_factory=dict)  # [row] each: columns of the order book for features

    def at(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "BarRows":
        """Some rows, by positions, by a choice of each row, or as a slice, which copies nothing."""
        return replace(
            self,
            numbers=self.numbers[chosen],
            time=self.time[chosen],
            prices={name: each[chosen] for name, each in self.prices.items()},
            further={name: each[chosen] for name, each in self.further.items()},
            columns={name: each[chosen] for name, each in self.columns.items()},
            book={name: each[chosen] for name, each in self.book.items()},
        )


def read_values(
    table: pd.DataFrame,
    columns: Columns,
    time: TimeArray,
    config: DataConfig,
    source: str,
    *,
    features: Mapping[str, str] = MappingProxyType({}),
    book: BookColumns | None = None,
) -> tuple[BarRows, tuple[ReadingNote, ...]]:
    """The values of the valid rows, in the table's order.

    Args:
        table: Cells of any type, indexed by row number.
        columns: The columns to read.
        time: Time of each row [row].
        config: Unit of the spread, and `clean.invalid`, the rule for invalid rows.
        source: Name in messages.
        features: The file's names of further columns, by the names of their features.
        book: The columns of the order book, if the rows are snapshots.

    Raises:
        DataError: If a cell is not a number, or a row is invalid and `data.clean.invalid` is not `drop`.
    """
    prices = {name: numbers(table, getattr(columns, name), source) for name in PRICES}
    further, of_further, notes = _further(table, columns, config, source)
    of_book: dict[str, FloatArray] = {}
    spread: FloatArray | None = None
    if book is None:
        faults = _price_faults(prices)
    else:
        found = read_book(table, book, config, source)
        faults, of_book = list(found.faults), found.kept
        spread = found.spread if config.spread_column == "auto" else None
        further |= {} if found.volume is None else {"volume": found.volume}
    of_features, empty = further_values(table, features, time, source)
    rows = BarRows(source, table.index.to_numpy(), time, prices, further, of_features, of_book)
    valid, of_faults = valid_rows([*faults, *of_further, *empty], rows.numbers, config.clean.invalid, source)
    rows = rows if valid is None else rows.at(valid)
    rows, of_spread = _with_spread_in_price(rows, columns, config, list(table.columns))
    if spread is not None:
        rows = replace(rows, further={**rows.further, "spread": spread if valid is None else spread[valid]})
    return rows, (*notes, *of_faults, *of_spread)


def _further(
    table: pd.DataFrame, columns: Columns, config: DataConfig, source: str
) -> tuple[dict[str, FloatArray], list[Fault], list[ReadingNote]]:
    """Volume and spread as in the file, if they have content; their faults; notes on what has none."""
    further: dict[str, FloatArray] = {}
    faults: list[Fault] = []
    notes: list[ReadingNote] = []
    for name, column in (("volume", columns.volume), ("spread", columns.spread)):
        if column is None:
            continue
        values = numbers(table, column, source)
        valid = values >= 0
        is_wanted = name == "spread" and config.spread_column != "auto"
        if not is_wanted and not valid.any():
            notes.append(ReadingNote(name, f"{column} is empty or negative in all rows and is not used", len(table)))
        elif name == "spread" or values.any():
            further[name] = values
            if valid.all():
                continue
            way_out = "data.spread_column to null" if name == "spread" else ""
            faults.append(Fault(f"{column} is empty", np.isnan(values), way_out))
            faults.append(Fault(f"{column} is negative", values < 0, way_out))
    return further, faults, notes


def _with_spread_in_price(
    rows: BarRows, columns: Columns, config: DataConfig, names: Sequence[str]
) -> tuple[BarRows, tuple[ReadingNote, ...]]:
    if "spread" not in rows.further:
        return rows, ()
    spread, notes = spread_in_price(
        rows.further["spread"], rows.prices["open"], columns, config, source=rows.source, names=names
    )
    further = {name: each for name, each in rows.further.items() if name != "spread"}
    return replace(rows, further=further if spread is None else {**further, "spread": spread}), notes


def _price_faults(prices: dict[str, FloatArray]) -> list[Fault]:
    if all((each > 0).all() for each in prices.values()) and (prices["high"] >= prices["low"]).all():
        return []  # NaN is neither
    empty = [Fault(f"{name} is empty", np.isnan(each)) for name, each in prices.items()]
    low = [Fault(f"{name} must be above zero", each <= 0) for name, each in prices.items()]
    return [*empty, *low, Fault("high is below low", prices["high"] < prices["low"])]
