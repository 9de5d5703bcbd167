"""Which later bars change a value, found by changing fewer and fewer of them."""

from dataclasses import dataclass

from fxai.formatting import counted
from fxai.market.leaks.column_function import FunctionCalls, differing


@dataclass(frozen=True, slots=True)
class Reach:
    """Later bars that change one value."""

    nearest: int | None  # smallest m with: other values in the next m bars change it; None: only their absence does
    uses_all: bool = False  # other values in the last tenth of the bars, far after it, change it

    def text(self) -> str:
        """The end of a sentence that begins with the value."""
        if self.uses_all:
            return (
                "changes when only the last tenth of the data changes, so it uses a statistic of all bars, such as "
                "their mean. Use a window that ends at the bar"
            )
        if self.nearest is None:
            return "changes when later bars are left out. Use no bars after the bar of the value"
        bars = "bar changes" if self.nearest == 1 else f"{counted(self.nearest, 'bar')} change"
        return f"changes when only the next {bars}. Use no bars after the bar of the value"


def reach(calls: FunctionCalls, name: str, row: int) -> Reach:
    """Find the later bars that change a value.

    Args:
        calls: The function.
        name: The column.
        row: A row whose value changes when later bars are changed or left out.
    """
    count = len(calls.bars)
    most = count - 1 - row
    if not _changes(calls, name, row, row + 1, count):
        return Reach(None)
    tenth = count // 10
    if row + tenth < count - tenth and _changes(calls, name, row, count - tenth, count):
        return Reach(None, uses_all=True)
    least = 0  # so many changed bars do not change the value; `most` do
    while most - least > 1:
        middle = (least + most) // 2
        if _changes(calls, name, row, row + 1, row + 1 + middle):
            most = middle
        else:
            least = middle
    return Reach(most)


def _changes(calls: FunctionCalls, name: str, row: int, start: int, stop: int) -> bool:
    """Whether other values in bars start..stop-1 change the value; an error of the function counts as no change."""
    again = calls.changed(start, stop)
    return again is not None and row in differing(calls.columns[name], again.get(name), row + 1)
