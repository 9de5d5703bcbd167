"""The cells of a column of times, as an Arrow array, and the messages that name one of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.reading.rows import NAMED, row_names


@dataclass(frozen=True, slots=True)
class Cells:
    """A column of a table."""

    array: pa.Array  # [row]
    rows: NDArray[np.int64]  # number of each row in the file
    column: str
    source: str  # name in messages
    shown: tuple[pa.Array, ...]  # [row] each, the cells as the file has them, for messages

    @classmethod
    def of(cls, table: pd.DataFrame, column: str, source: str) -> "Cells":
        """The cells of one column; text without spaces at its ends.

        Raises:
            DataError: If a cell is empty.
        """
        array = _arrow(table[column])
        cells = cls(array, table.index.to_numpy(), column, source, (array,))
        if cells.is_text:
            cells = cells.with_array(pc.utf8_trim_whitespace(cells.array))
            empty = pc.equal(cells.array, "")
        else:
            empty = pc.is_null(cells.array)
        if pc.any(empty).as_py() or cells.array.null_count:
            at = np.flatnonzero(np.asarray(pc.or_(pc.fill_null(empty, True), pc.is_null(cells.array))))
            raise DataError(f"{source}: {column} is empty in {cells.row_names(at)}; correct or remove them")
        return cells

    @property
    def is_text(self) -> bool:
        kind = self.array.type
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))

    @property
    def is_whole(self) -> bool:
        return bool(pa.types.is_integer(self.array.type))

    def with_array(self, array: pa.Array) -> "Cells":
        """Parts of the cells, or the cells in another type; messages show the whole cells."""
        return Cells(array, self.rows, self.column, self.source, self.shown)

    def distinct(self) -> tuple["Cells", NDArray[np.int64]]:
        """The distinct cells in the order of their first rows, and the index among them of each cell [row]."""
        coded = self.array.dictionary_encode()
        codes = np.asarray(coded.indices)
        first = np.empty(len(coded.dictionary), np.int64)
        first[codes[::-1]] = np.arange(len(codes))[::-1]  # of the rows with one value the first is assigned last
        shown = tuple(part.take(pa.array(first)) for part in self.shown)
        return Cells(coded.dictionary, self.rows[first], self.column, self.source, shown), codes

    def text(self, position: int) -> str:
        return str(self.array[position].as_py())

    def refusal(self, position: int, why: str) -> DataError:
        """The error for one row: `bars.csv: row 5: '31.02.2020' why`."""
        return DataError(f"{self.source}: row {self.rows[position]}: {self.shown_text(position)!r} {why}")

    def unlike_first(self, position: int) -> DataError:
        """The error for a row whose cell has another form than the first one."""
        first = self.shown_text(0)
        return self.refusal(position, f"does not have the format of the first timestamp, {first!r}")

    def shown_text(self, position: int) -> str:
        return " ".join(str(part[position].as_py()) for part in self.shown)

    def row_names(self, positions: NDArray[np.int64]) -> str:
        """The rows at these positions, for messages."""
        return row_names(self.rows[positions].tolist())

    def first_rows(self, positions: NDArray[np.int64]) -> tuple[int, ...]:
        return tuple(int(self.rows[each]) for each in positions[:NAMED])


def _arrow(column: pd.Series) -> pa.Array:
    """A column as one Arrow array; what Arrow has no type for becomes text."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return pc.assume_timezone(pa.array(column.dt.tz_convert(None), from_pandas=True), "UTC")
    try:
        values = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        values = pa.array(column.astype(str), from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values.type, pa.BaseExtensionType):
        values = pa.array(column.astype(str), from_pandas=True)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_decimal(values.type):
        values = pc.cast(values, pa.float64())
    return values
