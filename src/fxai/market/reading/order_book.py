"""Reads the values of order-book snapshots.

A bar is one snapshot. Its four prices are the midpoint, its spread is that of the best bid and ask, and its volume is
the notional of buys and sells since the snapshot before. So an order that follows from one snapshot is filled at the
midpoint of the next one, with the spread of the next one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import FloatArray, ReadingNote
from fxai.market.reading.book_columns import SIDES, BookColumns
from fxai.market.reading.invalid import Fault
from fxai.market.reading.numbers import numbers
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.order_book_config import OrderBookConfig


@dataclass(frozen=True, slots=True)
class BookValues:
    """The values of the rows of a book, and what makes rows invalid."""

    spread: FloatArray  # [row], of best bid and ask in units of price
    volume: FloatArray | None  # [row], buys plus sells; None if the file has none
    kept: dict[str, FloatArray]  # [row] each: the columns that features need
    faults: tuple[Fault, ...]


def read_book(table: pd.DataFrame, columns: BookColumns, config: DataConfig, source: str) -> BookValues:
    """The values of order-book snapshots, in the table's order.

    Args:
        table: Cells of any type, indexed by row number.
        columns: The columns of the book.
        config: `features.order_book`, which says the columns that are kept.
        source: Name in messages.

    Raises:
        DataError: If a cell is not a number, or the book lacks levels or columns of `data.features.order_book`.
    """
    wanted = _wanted(columns, config.features.order_book, source)
    middle = numbers(table, columns.midpoint, source)
    kept: dict[str, FloatArray] = {}
    faults = [Fault(f"{columns.midpoint} is empty", np.isnan(middle))]
    faults.append(Fault(f"{columns.midpoint} must be above zero", middle <= 0))
    best = {}
    for side in SIDES:
        distances = _Distances(side)
        for level in range(columns.levels):
            plain = f"{side}_distance_{level}"
            values = numbers(table, columns.names[plain], source)
            faults.extend(distances.faults_of(plain, values))
            if plain in wanted:
                kept[plain] = values
            if level == 0:
                best[side] = values
    crossed = Fault("the best bid is above the best ask (bids_distance_0 and asks_distance_0)", _above(best))
    faults.insert(0, crossed)
    for plain, name in columns.names.items():
        if "_distance_" in plain:
            continue
        values = numbers(table, name, source)
        faults.append(Fault(f"{plain} is empty", np.isnan(values)))
        faults.append(Fault(f"{plain} is negative", values < 0))
        if plain in wanted or plain in ("buys", "sells"):
            kept[plain] = values
    volume = kept["buys"] + kept["sells"] if columns.has_trades else None
    return BookValues(
        spread=(best["asks"] - best["bids"]) * middle,
        volume=volume,
        kept={name: values for name, values in kept.items() if name in wanted},
        faults=tuple(fault for fault in faults if fault.wrong.any()),
    )


def book_note(columns: BookColumns, rows: int) -> ReadingNote:
    """How bars are made of snapshots."""
    traded = ", buys plus sells as volume" if columns.has_trades else ""
    spread = columns.bars.spread or "best bid and ask"
    text = (
        f"order-book snapshots of {columns.levels} levels: a bar is one snapshot, with the midpoint as its prices, the "
        f"spread of {spread}{traded}"
    )
    return ReadingNote("order book", text, rows)


class _Distances:
    """Checks the distances of one side, from the best level on."""

    def __init__(self, side: str) -> None:
        self._sign = -1 if side == "bids" else 1
        self._nearer: tuple[str, FloatArray] | None = None

    def faults_of(self, name: str, values: FloatArray) -> Iterator[Fault]:
        yield Fault(f"{name} is empty", np.isnan(values))
        if self._sign < 0:
            yield Fault(f"{name} is above 0, and bids are below the midpoint", values > 0)
            yield Fault(f"{name} is -1 or less, and distances are fractions of the midpoint", values <= -1)
        else:
            yield Fault(f"{name} is below 0, and asks are above the midpoint", values < 0)
        if self._nearer is not None:
            before, nearer = self._nearer
            yield Fault(f"{name} is nearer to the midpoint than {before}", self._sign * values < self._sign * nearer)
        self._nearer = name, values


def _above(best: Mapping[str, FloatArray]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return best["bids"] > best["asks"]


def _wanted(columns: BookColumns, config: OrderBookConfig, source: str) -> frozenset[str]:
    """The columns that the features of the book need.

    Raises:
        DataError: If the book does not have them.
    """
    if config.levels > columns.levels:
        raise DataError(
            f"{source}: data.features.order_book.depths has {config.levels}, but the order book has {columns.levels} "
            f"levels; use depths of at most {columns.levels}"
        )
    for key, names in config.columns_by_key().items():
        if missing := [name for name in names if name not in columns.names]:
            raise DataError(
                f"{source}: data.features.order_book.{key} needs the columns {', '.join(missing)}, which the file does "
                "not have; remove it"
            )
    return frozenset(name for names in config.columns_by_key().values() for name in names)
