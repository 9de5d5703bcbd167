"""Calls of a function from bars to columns, and the comparison of their results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.changed_bars import cut, with_other_values

Columns: TypeAlias = Mapping[str, FloatArray]
"""Columns by name, each [bar]."""

ColumnFunction: TypeAlias = Callable[[Bars], Columns]
"""Computes columns from bars. The tests call it many times with other bars."""

_ROUNDING = 1e-6  # of the value; sums in another order differ by less, also in single precision
_NEGLIGIBLE = 1e-5  # of the distance between the column's quartiles


@dataclass(slots=True)
class FunctionCalls:
    """A function with its columns of all bars. Each call gets its own copy of the bars."""

    function: ColumnFunction
    bars: Bars
    columns: Columns
    count: int = 1

    @classmethod
    def of(cls, function: ColumnFunction, bars: Bars) -> "FunctionCalls":
        """Calls the function with all bars; what it raises is passed on."""
        return cls(function, bars, function(cut(bars, 0, len(bars))))

    def whole(self) -> Columns:
        """The columns of all bars, computed again."""
        return self._call(cut(self.bars, 0, len(self.bars)))

    def part(self, start: int, stop: int) -> Columns | None:
        """The columns of bars start..stop-1; None if the function raises an error, as with too few bars."""
        return self._try(cut(self.bars, start, stop))

    def changed(self, start: int, stop: int) -> Columns | None:
        """The columns with other values in bars start..stop-1; None if the function raises an error."""
        return self._try(with_other_values(self.bars, start, stop, seed=start))

    def _try(self, bars: Bars) -> Columns | None:
        try:
            return self._call(bars)
        except Exception:  # noqa: BLE001 - code of the user, which may refuse these bars for any reason
            return None

    def _call(self, bars: Bars) -> Columns:
        self.count += 1
        return self.function(bars)


def differing(column: FloatArray, again: FloatArray | None, stop: int) -> NDArray[np.int64]:
    """Indices of rows before `stop` that differ by more than rounding.

    A row differs if exactly one value is NaN, or if the values differ by more than 1e-6 of the value plus 1e-5 of the
    distance between the column's quartiles (of its standard deviation, if that distance is 0).

    Args:
        column: The column of all bars.
        again: The column computed again from the first bar; None if the function did not return it.
        stop: Number of rows to compare.
    """
    if again is None or len(again) < stop:
        return np.arange(stop)
    one, other = column[:stop], again[:stop]
    same = (np.abs(one - other) <= _tolerance(column)[:stop]) | (np.isnan(one) & np.isnan(other)) | (one == other)
    return np.flatnonzero(~same)


def _tolerance(column: FloatArray) -> FloatArray:
    finite = column[np.isfinite(column)]
    low, high = np.quantile(finite, [0.25, 0.75]) if finite.size else (0.0, 0.0)
    spread = float(high - low) or (float(finite.std()) if finite.size else 0.0)
    size = np.nan_to_num(np.abs(column), nan=0.0, posinf=0.0, neginf=0.0)
    tolerance: FloatArray = size * _ROUNDING + spread * _NEGLIGIBLE
    return tolerance
