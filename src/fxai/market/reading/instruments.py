"""Recognizes a table with the rows of several instruments, and takes the rows of one.

The rows of two instruments with one time would count as repeated rows of one instrument. The column of the instruments
is recognized by what it does, not by its name: its values tell apart the rows that have the same time.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import ReadingNote
from fxai.market.reading.columns import Columns

_NAMED = 5  # names in a message
EMPTY = "(empty)"
"""The name of rows whose cell is empty."""

_FEWEST_REPEATS = 0.01  # share of rows whose time occurs before; fewer are duplicates
_MOST_LEFT = 0.5  # share of these that may remain in a column of instruments
_MOST_TEXTS, _MOST_NUMBERS = 0.5, 0.1  # distinct values per row of a column that names instruments
_LOOKED_AT = 1000  # first cells by which a column is one of numbers


@dataclass(frozen=True, slots=True)
class NameColumn:
    """The cells of a column as codes."""

    column: str
    codes: NDArray[np.int64]  # [row], index of each row's value
    names: tuple[str, ...]  # the values
    are_numbers: bool

    @property
    def shown(self) -> str:
        """`AAA, BBB, CCC, DDD, EEE and 3 more`."""
        more = f" and {len(self.names) - _NAMED} more" if len(self.names) > _NAMED else ""
        return ", ".join(self.names[:_NAMED]) + more


def rows_of_instrument(
    table: pd.DataFrame, columns: Columns, wanted: str | None, source: str
) -> tuple[pd.DataFrame, tuple[ReadingNote, ...]]:
    """The rows of the table's only instrument, or of the one that `data.instrument` names.

    Args:
        table: Cells of any type, indexed by row number.
        columns: The columns that are read.
        wanted: `data.instrument`.
        source: Name in messages.

    Raises:
        DataError: If the table has several instruments and none is named, or not the named one.
    """
    values = instrument_column(table, columns, wanted)
    if wanted is None:
        if values is None:
            return table, ()
        raise DataError(
            f"{source}: the file has several instruments, in the column {values.column!r}: {values.shown}; choose one "
            f"with data.instrument: {values.names[0]}, or train one agent on all with data.instruments: all"
        )
    if values is None:
        text = f"the file has no column of instruments, so all rows are read as those of {wanted}"
        return table, (ReadingNote("instrument", text, len(table)),)
    if wanted not in values.names:
        raise DataError(f"{source}: data.instrument is {wanted!r}, but the column {values.column!r} has {values.shown}")
    chosen = values.codes == values.names.index(wanted)
    text = f"only the rows of {wanted} were read, by the column {values.column!r}; it has {values.shown}"
    return table[chosen], (ReadingNote("instrument", text, int(chosen.sum())),)


def instrument_column(table: pd.DataFrame, columns: Columns, wanted: str | None) -> NameColumn | None:
    """The column that names instruments; None if all rows are of one, and `data.instrument` names no value of one."""
    candidates = [name for name in table.columns if _may_name_instruments(table, name, columns)]
    repeats = _repeated_times(table, columns) if candidates else None
    if repeats is None and wanted is None and columns.symbol not in candidates:
        return None
    found = [_values(table, name) for name in candidates]
    by_name = next((each for each in found if each.column == columns.symbol), None)
    if by_name is not None and (len(by_name.names) > 1 or wanted is not None):
        return by_name
    if repeats is not None and (best := _telling_apart(repeats, found)) is not None:
        return best
    return None if wanted is None else next((each for each in found if wanted in each.names), None)


def _may_name_instruments(table: pd.DataFrame, name: str, columns: Columns) -> bool:
    """Whether a column that is not read has text or whole numbers, by its first cells."""
    cells = table[name]
    if name in (*columns.time, *columns.named().values()) or isinstance(cells, pd.DataFrame):  # a name that is twice
        return False
    if pd.api.types.is_float_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        return False
    numbers = pd.to_numeric(cells.iloc[:_LOOKED_AT], errors="coerce")
    return not bool((numbers % 1 > 0).any())


def _repeated_times(table: pd.DataFrame, columns: Columns) -> NDArray[np.int64] | None:
    """A code of each row's time, if so many rows have the time of an earlier one that the table may have several."""
    times = np.zeros(len(table), np.int64)
    for column in columns.time:
        codes, distinct = pd.factorize(table[column], use_na_sentinel=False)
        times = times * len(distinct) + codes
    repeats = len(times) - len(pd.unique(times))
    return times if repeats >= max(1, len(times) * _FEWEST_REPEATS) else None


def _values(table: pd.DataFrame, column: str) -> NameColumn:
    codes, distinct = pd.factorize(table[column], use_na_sentinel=False)
    names = tuple(EMPTY if pd.isna(each) else str(each).strip() for each in distinct)
    are_numbers = bool(pd.to_numeric(pd.Series(distinct[:_LOOKED_AT]), errors="coerce").notna().all())
    return NameColumn(column, codes.astype(np.int64, copy=False), names, are_numbers)


def _telling_apart(times: NDArray[np.int64], found: list[NameColumn]) -> NameColumn | None:
    """The column whose values tell apart the rows of one time; of several, the one that leaves the fewest repeats."""
    rows = len(times)
    fitting = [
        each for each in found if 1 < len(each.names) <= rows * (_MOST_NUMBERS if each.are_numbers else _MOST_TEXTS)
    ]
    if not fitting:
        return None
    left = [rows - len(pd.unique(times * len(each.names) + each.codes)) for each in fitting]
    best = int(np.argmin(left))
    repeats = rows - len(pd.unique(times))
    return fitting[best] if left[best] <= repeats * _MOST_LEFT else None
