"""Small prices and news for tests."""

from collections.abc import Mapping, Sequence

import numpy as np

from fxai.market.bars import Bars
from fxai.market.news.news import News

START = np.datetime64("2024-01-01", "ns")
DAY = np.timedelta64(1, "D")
HOUR = np.timedelta64(1, "h")


def bars_of(name: str, closes: Sequence[float], start: np.datetime64 = START) -> Bars:
    """Daily bars that open at the close before."""
    close = np.array(closes, np.float64)
    opening = np.concatenate([close[:1], close[:-1]])
    time = start + np.arange(len(close)) * DAY
    high, low = np.maximum(opening, close), np.minimum(opening, close)
    return Bars(name=name, content_hash=name, time=time, open=opening, high=high, low=low, close=close)


def news_of(rows: Sequence[tuple[str, np.datetime64, str]]) -> News:
    """News of rows with an instrument, a time and a title."""
    names = tuple(sorted({name for name, _, _ in rows}))
    ordered = sorted(rows, key=lambda row: row[1])
    return News(
        names=names,
        instrument=np.array([names.index(name) for name, _, _ in ordered], np.int64),
        published=np.array([moment for _, moment, _ in ordered], "datetime64[ns]"),
        titles=tuple(title for _, _, title in ordered),
        summaries=("",) * len(rows),
        content_hash="news",
    )


def without_bars(bars: Mapping[str, Bars], left_out: Mapping[str, Sequence[int]]) -> dict[str, Bars]:
    """The bars of each instrument without those at some places."""
    found = {}
    for name, each in bars.items():
        kept = np.delete(np.arange(len(each)), left_out.get(name, []))
        arrays = {field: getattr(each, field)[kept] for field in ("time", "open", "high", "low", "close")}
        found[name] = Bars(name=each.name, content_hash=each.content_hash, **arrays)
    return found
