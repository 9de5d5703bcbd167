"""Exact test whether the values of a function are the same without the bars before its declared window."""

from collections.abc import Sequence

import numpy as np

from fxai.formatting import counted
from fxai.market.leaks.column_function import FunctionCalls
from fxai.market.leaks.findings import LeakFinding, LeakKind

_PLACES = (0.15, 0.4, 0.65, 0.85)  # of the bars: where the data begin in a calculation
_NEGLIGIBLE = 1e-3  # of the column's standard deviation; the rest of an exponential average after its window


def short_windows(calls: FunctionCalls, names: Sequence[str], window: int) -> tuple[LeakFinding, ...]:
    """Columns that depend on more than `window` bars before theirs.

    The columns are computed again from data that begin later. Rows from the window on must differ by less than 0.001 of
    the column's standard deviation.

    Args:
        calls: The function.
        names: Columns to test.
        window: Number of bars before a row that the function may use.
    """
    needed: dict[str, tuple[int, int]] = {}  # column: bars that are needed, and the row that shows it
    count = len(calls.bars)
    for start in sorted({int(count * place) for place in _PLACES}):
        again = None if count - start <= window else calls.part(start, count)
        if again is None:
            continue
        for name in names:
            rows = start + _differing(calls.columns[name][start:], again.get(name))
            rows = rows[rows >= start + window]
            if len(rows) and rows[-1] - start + 1 > needed.get(name, (0, 0))[0]:
                needed[name] = int(rows[-1]) - start + 1, int(rows[-1])
    return tuple(_finding(calls, name, window, *each) for name, each in needed.items())


def _differing(column: np.ndarray, again: np.ndarray | None) -> np.ndarray:
    """Indices of rows that differ by more than 0.001 of the standard deviation, or of which one value is NaN."""
    if again is None or len(again) != len(column):
        return np.arange(len(column))
    finite = column[np.isfinite(column)]
    allowed = _NEGLIGIBLE * float(finite.std()) if finite.size else 0.0
    same = (np.abs(column - again) <= allowed) | (np.isnan(column) & np.isnan(again)) | (column == again)
    return np.flatnonzero(~same)


def _finding(calls: FunctionCalls, name: str, window: int, needed: int, row: int) -> LeakFinding:
    time = calls.bars.time[row]
    shown = np.datetime_as_string(time, unit="s").replace("T", " ")
    declared = counted(window, "bar")
    text = (
        f"its value at {shown} changes with bars more than {declared} before it, the declared window, so the embargo "
        f"between splits is too short. It depends on {needed} bars or more: declare them, or use a shorter window"
    )
    return LeakFinding(name, LeakKind.WINDOW, text, bar=row, time=time, bars=needed)
