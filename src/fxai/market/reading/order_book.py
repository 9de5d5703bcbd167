"""Reads the values of order-book snapshots.

A bar is one snapshot. Its four prices are the midpoint, its spread is that of the best bid and ask, and its volume is
the notional of buys and sells since the snapshot before. So an order that follows from one snapshot is filled at the
midpoint of the next one, with the spread of the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import FloatArray, ReadingNote
from fxai.market.reading.book_columns import MIDPOINT, SIDES, BookColumns
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
    wanted = _wanted(columns, config, source)
    read = _Reader(table, columns, source)
    faults = tuple(fault for fault in _faults(read, columns) if fault.wrong.any())
    middle, bid, ask = read(MIDPOINT), read("bids_distance_0"), read("asks_distance_0")
    return BookValues(
        spread=(ask - bid) * middle,
        volume=read("buys") + read("sells") if columns.has_trades else None,
        kept={name: read(name) for name in columns.names if name in wanted},
        faults=faults,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the numbers of a column of the book by its name in the format."""

    table: pd.DataFrame
    columns: BookColumns
    source: str

    def __call__(self, name: str) -> FloatArray:
        of_file = self.columns.midpoint if name == MIDPOINT else self.columns.names[name]
        return numbers(self.table, of_file, self.source)


def _faults(read: _Reader, columns: BookColumns) -> Iterator[Fault]:
    """Everything that may make rows invalid; the arrays of one fault are in memory at a time."""
    bid, ask = (read(f"{side}_distance_0") for side in SIDES)
    yield Fault("the best bid is above the best ask (bids_distance_0 and asks_distance_0)", bid > ask)
    middle = read(MIDPOINT)
    yield Fault(f"{MIDPOINT} is empty", np.isnan(middle))
    yield Fault(f"{MIDPOINT} must be above zero", middle <= 0)
    for side in SIDES:
        yield from _faults_of_distances(read, side, columns.levels)
    for name in columns.names:
        if "_distance_" not in name:
            values = read(name)
            yield Fault(f"{name} is empty", np.isnan(values))
            yield Fault(f"{name} is negative", values < 0)


def _faults_of_distances(read: _Reader, side: str, levels: int) -> Iterator[Fault]:
    """The faults of the distances of one side, from the best level on."""
    sign = -1 if side == "bids" else 1
    for level in range(levels):
        name, values = f"{side}_distance_{level}", read(f"{side}_distance_{level}")
        yield Fault(f"{name} is empty", np.isnan(values))
        if side == "bids":
            yield Fault(f"{name} is above 0, and bids are below the midpoint", values > 0)
            yield Fault(f"{name} is -1 or less, and distances are fractions of the midpoint", values <= -1)
        else:
            yield Fault(f"{name} is below 0, and asks are above the midpoint", values < 0)
        if level > 0:
            nearer = f"{side}_distance_{level - 1}"
            yield Fault(f"{name} is nearer to the midpoint than {nearer}", sign * values < sign * read(nearer))


def book_note(columns: BookColumns, config: DataConfig, rows: int) -> ReadingNote:
    """How bars are made of snapshots."""
    traded = ", buys plus sells as volume" if columns.has_trades else ""
    spread = f"the spread of {columns.bars.spread or 'best bid and ask'}"
    text = (
        f"order-book snapshots of {columns.levels} levels: a bar is one snapshot, with the midpoint as its prices, "
        f"{'no spread' if config.spread_column is None else spread}{traded}"
    )
    return ReadingNote("order book", text, rows)


def _wanted(columns: BookColumns, config: DataConfig, source: str) -> frozenset[str]:
    """The columns that the features of the book and orders need.

    Raises:
        DataError: If the book does not have them.
    """
    if config.book_levels > columns.levels:
        raise DataError(
            f"{source}: data.book_levels is {config.book_levels}, but the order book has {columns.levels} levels; use "
            f"at most {columns.levels}"
        )
    of_orders = frozenset(
        f"{side}_{kind}_{level}"
        for side in SIDES
        for kind in ("distance", "notional")
        for level in range(config.book_levels)
    )
    return of_orders | _of_features(columns, config.features.order_book, source)


def _of_features(columns: BookColumns, config: OrderBookConfig, source: str) -> frozenset[str]:
    """The columns that the features of the book need; see `_wanted`."""
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
