"""Files without a header whose columns are known by their shape: the exports of trading programs and exchanges.

A file has a layout if its number of columns and its first row fit one record, and the prices of all rows are in the
order that the layout says. Any other file without a header is refused; `data.columns` then says what its columns are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import FloatArray, ReadingNote

_NUMBER = r"\d*\.?\d+(?:[eE][-+]?\d+)?"
_BAR = ("open", "high", "low", "close")
_FEWEST_ROWS = 20  # below it the gaps between bars do not show which price is the open


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file without a header."""

    name: str  # of the exporter, for people
    columns: tuple[str, ...]  # as in a header
    cells: tuple[str, ...]  # regular expressions of the first cells; the others are numbers

    def fits(self, row: Sequence[str]) -> bool:
        """Whether the cells of a row have the forms of this layout."""
        if len(row) != len(self.columns):
            return False
        forms = (*self.cells, *[_NUMBER] * (len(row) - len(self.cells)))
        return all(re.fullmatch(form, cell.strip()) for form, cell in zip(forms, row, strict=True))


LAYOUTS = (
    Layout("MetaTrader 4", ("date", "time", *_BAR, "volume"), (r"\d{4}\.\d{2}\.\d{2}", r"\d{2}:\d{2}(?::\d{2})?")),
    Layout("HistData", ("time", *_BAR, "volume"), (r"\d{8} \d{6}",)),
    Layout(
        "Binance klines",
        ("open_time", *_BAR, "volume", "close_time", "quote_volume", "trades", "taker_base", "taker_quote", "ignore"),
        (r"\d{13}|\d{16}",),
    ),
    Layout("HistData ticks", ("time", "bid", "ask", "volume"), (r"\d{8} \d{9}",)),
    Layout("TrueFX ticks", ("pair", "time", "bid", "ask"), (r"[A-Z]{3}/[A-Z]{3}", r"\d{8} \d{2}:\d{2}:\d{2}\.\d{3}")),
    Layout("Kraken OHLCVT", ("time", *_BAR, "volume", "trades"), (r"\d{10}",)),
)
"""No two of them fit one row."""


def layout_of(row: Sequence[str]) -> Layout | None:
    """The layout of a file whose first row has these cells; None if there is none."""
    return next((layout for layout in LAYOUTS if layout.fits(row)), None)


def layout_note(layout: Layout) -> ReadingNote:
    """What was assumed, for `fxai data describe`."""
    columns = ", ".join(layout.columns)
    return ReadingNote(
        "layout", f"the file has no header; its columns were read as those of {layout.name}: {columns}", 0
    )


def check_layout(table: pd.DataFrame, layout: Layout, name: str) -> None:
    """Check on all rows that the prices are open, high, low and close in this order.

    Raises:
        DataError: If they are not.
    """
    if "bid" in layout.columns:
        return  # the forms of the times belong to these two layouts alone, and quotes are checked when they are read
    prices = [pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64) for column in _BAR]
    times = table[layout.columns[0]].astype(str)
    if times.iloc[0] > times.iloc[-1]:  # times of all layouts are in the order of their texts
        prices = [values[::-1] for values in prices]
    if not _is_ordered(*prices):
        raise DataError(
            f"{name}: the file has no header, and its columns are not open, high, low and close as in {layout.name}. "
            f"{how_to_name_columns()}"
        )


def _is_ordered(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> bool:
    """Whether no price is outside low..high, and a bar begins where the last one ended rather than the reverse."""
    known = np.isfinite(opens + highs + lows + closes)  # other rows are refused when their prices are read
    opens, highs, lows, closes = opens[known], highs[known], lows[known], closes[known]
    if ((np.maximum(opens, closes) > highs) | (np.minimum(opens, closes) < lows)).any():
        return False
    gaps, gaps_if_exchanged = np.abs(opens[1:] - closes[:-1]).sum(), np.abs(closes[1:] - opens[:-1]).sum()
    return bool(gaps <= gaps_if_exchanged or len(opens) < _FEWEST_ROWS)


def how_to_name_columns() -> str:
    """What to do with a file whose columns are not known."""
    return (
        "Put a header above the data (time,open,high,low,close,volume), or say the columns by their numbers: "
        "data.columns: {time: 1, open: 2, high: 3, low: 4, close: 5}"
    )
