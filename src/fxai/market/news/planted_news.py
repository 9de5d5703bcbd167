"""Generated prices and news with a known best signal: the words of a day decide the next day's returns.

A model without a reward on planted news does not learn. A model with a profit after costs on shuffled news reads
later prices. Used by tests, the example and the benchmark.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fxai.atomic_write import write_text
from fxai.market.bars import Bars
from fxai.market.news.news import News

RISING = ("beats forecasts", "wins a large order", "raises its outlook", "reports record sales", "is upgraded")
FALLING = ("misses forecasts", "loses a large order", "cuts its outlook", "reports weak sales", "is downgraded")
_NEUTRAL = ("names a date for its meeting", "opens a new office", "moves its web site")

_START = np.datetime64("2021-01-04")
_MOVE = 0.01  # log return of a day after news
NOISE = 0.003  # standard deviation of a day's log return, by default
_GAP = 0.001  # standard deviation of the log return from a close to the next open
_QUIET = 0.3  # share of days without news
_FEWEST_SECONDS, _MOST_SECONDS = 8 * 3600, 20 * 3600  # after midnight, of publications


@dataclass(frozen=True, slots=True, eq=False)
class PlantedNews:
    """Daily bars by instrument, Monday to Friday, and news about them."""

    bars: Mapping[str, Bars]
    news: News


def planted_news(
    seed: int, instruments: int = 4, days: int = 240, *, noise: float = NOISE, shuffled: bool = False
) -> PlantedNews:
    """Generate prices and news.

    On most days an instrument has one or two headlines with words of `RISING` or of `FALLING`, and its next bar rises
    or falls by 1 % from open to close, with noise. Some headlines are neutral.

    Args:
        seed: Of all draws.
        instruments: Number of instruments, named AAA, BBB and so on; at most 26.
        days: Number of bars of each.
        noise: Standard deviation of a bar's log return from open to close.
        shuffled: Whether the headlines change places at random, so that the words decide nothing.
    """
    rng = np.random.default_rng(seed)
    names = tuple(chr(ord("A") + place) * 3 for place in range(instruments))
    dates = np.busday_offset(_START, np.arange(days)).astype("datetime64[ns]")
    direction = rng.choice([-1, 1], (instruments, days)) * (rng.random((instruments, days)) >= _QUIET)
    news = _news(names, dates, direction, rng)
    if shuffled:
        order = rng.permutation(len(news))
        news = replace(news, titles=tuple(_retitled(news, place, other) for place, other in enumerate(order.tolist())))
    bars = {name: _bars(name, dates, direction[place], noise, rng) for place, name in enumerate(names)}
    return PlantedNews(bars, replace(news, content_hash=_hash(news)))


def planted_signal(titles: Sequence[str]) -> int:
    """The best signal for headlines: 1 if their words are those of `RISING`, -1 if of `FALLING`, 0 without such."""
    votes = [any(word in title for word in RISING) - any(word in title for word in FALLING) for title in titles]
    return int(np.sign(sum(votes)))


def write_planted_news(planted: PlantedNews, folder: Path) -> None:
    """Write `prices.csv` with the rows of all instruments, and `news.csv` with the contest's columns."""
    prices = [
        pd.DataFrame(
            {
                "date": bars.time,
                "symbol": name,
                "open": bars.open,
                "high": bars.high,
                "low": bars.low,
                "close": bars.close,
            }
        )
        for name, bars in planted.bars.items()
    ]
    news = planted.news
    rows = pd.DataFrame(
        {
            "Date": pd.DatetimeIndex(news.published).strftime("%Y-%m-%d %H:%M:%S"),
            "Stock_symbol": [news.names[place] for place in news.instrument],
            "Article_title": news.titles,
            "Textrank_summary": news.summaries,
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "prices.csv", pd.concat(prices).to_csv(index=False))
    write_text(folder / "news.csv", rows.to_csv(index=False))


def _bars(name: str, dates: np.ndarray, direction: np.ndarray, noise: float, rng: np.random.Generator) -> Bars:
    days = len(dates)
    body = rng.normal(scale=noise, size=days)
    body[1:] += _MOVE * direction[:-1]
    gap = rng.normal(scale=_GAP, size=days)
    close = 100.0 * np.exp(np.cumsum(body + gap))
    opening = close * np.exp(-body)
    wicks = np.exp(rng.exponential(scale=_GAP, size=(2, days)))
    digest = hashlib.sha256(body.tobytes() + gap.tobytes()).hexdigest()  # the last digit of exp depends on processors
    high, low = np.maximum(opening, close) * wicks[0], np.minimum(opening, close) / wicks[1]
    return Bars(name=name, content_hash=digest, time=dates, open=opening, high=high, low=low, close=close)


def _news(names: tuple[str, ...], dates: np.ndarray, direction: np.ndarray, rng: np.random.Generator) -> News:
    found: list[tuple[np.datetime64, int, str]] = []
    for place, name in enumerate(names):
        for day in np.flatnonzero(direction[place]).tolist():
            words = RISING if direction[place, day] > 0 else FALLING
            chosen = [str(rng.choice(words)), *([str(rng.choice(_NEUTRAL))] if rng.random() < _QUIET else [])]
            for text in chosen:
                moment = dates[day] + np.timedelta64(int(rng.integers(_FEWEST_SECONDS, _MOST_SECONDS)), "s")
                found.append((moment, place, f"{name} {text}"))
    found.sort(key=lambda each: (each[0], each[1], each[2]))
    return News(
        names=names,
        instrument=np.array([place for _, place, _ in found], np.int64),
        published=np.array([moment for moment, _, _ in found], "datetime64[ns]"),
        titles=tuple(title for _, _, title in found),
        summaries=("",) * len(found),
        content_hash="",
    )


def _retitled(news: News, place: int, other: int) -> str:
    """The title of another headline, about the instrument of this one."""
    return f"{news.names[news.instrument[place]]} {news.titles[other].partition(' ')[2]}"


def _hash(news: News) -> str:
    text = "\n".join(news.titles).encode()
    return hashlib.sha256(news.published.tobytes() + text).hexdigest()
