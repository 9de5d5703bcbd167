"""Exact test whether the values of a function change when later bars change or are left out."""

from collections.abc import Iterator

import numpy as np

from fxai.market.bars import Bars
from fxai.market.leaks.check_window import short_windows
from fxai.market.leaks.column_function import ColumnFunction, Columns, FunctionCalls, differing
from fxai.market.leaks.cut_positions import changed_positions, cut_positions
from fxai.market.leaks.findings import LeakFinding, LeakKind, LeakReport
from fxai.market.leaks.reach import reach

_REPEATED = (
    "two calculations from the same bars have other values: the function draws random numbers or keeps state between "
    "calls. Draw random numbers from a fixed seed in each call, and keep nothing between calls"
)
_STATE = (
    "a calculation in a new copy of the module has other values: the function keeps state between calls, such as "
    "statistics of its first call. Keep nothing between calls"
)


def check_function(
    bars: Bars, function: ColumnFunction, *, window: int | None = None, fresh: ColumnFunction | None = None
) -> LeakReport:
    """Test a function exactly: compute its columns again from bars that are cut, or changed, at several places.

    Rows up to the place must be the same (see `column_function.differing`). A difference proves that the function uses
    later bars. The places are the same in each call of this test.

    Args:
        bars: All bars.
        function: The function. It is called about 40 times; what it raises with all bars is passed on. Cut or changed
            bars with which it raises an error are left out.
        window: Bars before a row that the function may use; None: not tested.
        fresh: The function from a newly executed copy of its module, to find state kept between calls.
    """
    calls = FunctionCalls.of(function, bars)
    unstable = _not_repeatable(calls)
    findings = {name: _finding(LeakKind.NOT_REPEATABLE, name, _REPEATED) for name in unstable}
    differences, compared = _differences(calls, [name for name in calls.columns if name not in findings])
    findings |= {name: _later_bars(calls, name, row) for name, row in differences.items()}
    findings |= {
        name: _finding(LeakKind.NOT_REPEATABLE, name, _STATE)
        for name in (*_not_repeatable(calls), *_changed_by_state(calls, fresh))
        if name not in findings
    }
    sound = [name for name in calls.columns if name not in findings]
    windows = () if window is None else short_windows(calls, sound, window)
    reason = "the function raises an error with every part of the bars"
    return LeakReport(
        findings=(*findings.values(), *windows),
        tested=tuple(calls.columns),
        untested=() if compared else tuple((name, reason) for name in sound),
        calls=calls.count,
    )


def _finding(kind: LeakKind, column: str, text: str) -> LeakFinding:
    return LeakFinding(column, kind, text)


def _not_repeatable(calls: FunctionCalls) -> list[str]:
    """Columns that differ if they are computed again from the same bars."""
    again, count = calls.whole(), len(calls.bars)
    return [name for name, column in calls.columns.items() if len(differing(column, again.get(name), count))]


def _changed_by_state(calls: FunctionCalls, fresh: ColumnFunction | None) -> list[str]:
    """Columns that differ in a new copy of the module whose first call has the first half of the bars."""
    if fresh is None:
        return []
    half = len(calls.bars) // 2
    first = FunctionCalls(fresh, calls.bars, calls.columns).part(0, half)
    if first is None:
        return []
    return [name for name, column in calls.columns.items() if len(differing(column, first.get(name), half))]


def _differences(calls: FunctionCalls, names: list[str]) -> tuple[dict[str, int], int]:
    """For each column that uses later bars a row that shows it, far from both ends; and the number of comparisons."""
    found: dict[str, int] = {}
    last = len(calls.bars) - 1
    compared = 0
    for last_kept, again in _computed_again(calls):
        compared += 1
        for name in names:
            rows = differing(calls.columns[name], again.get(name), last_kept + 1)
            if len(rows):
                shown = int(rows[-1])
                found[name] = max(shown, found.get(name, shown), key=lambda row: min(row, last - row))
    return found, compared


def _computed_again(calls: FunctionCalls) -> Iterator[tuple[int, Columns]]:
    """The last bar that is kept, and the columns; first with later bars left out, then with other values in them."""
    positions = cut_positions(calls.bars.time)
    for position in positions:
        if (again := calls.part(0, position + 1)) is not None:
            yield position, again
    for position in changed_positions(positions):
        if (again := calls.changed(position + 1, len(calls.bars))) is not None:
            yield position, again


def _later_bars(calls: FunctionCalls, name: str, row: int) -> LeakFinding:
    time = calls.bars.time[row]
    measured = reach(calls, name, row)
    shown = np.datetime_as_string(time, unit="s").replace("T", " ")
    text = f"its value at {shown} {measured.text()}"
    return LeakFinding(name, LeakKind.LATER_BARS, text, bar=row, time=time, bars=measured.nearest)
