"""Prices of one or more instruments, with the news that their decisions can read.

A decision on an instrument is made at the close of one of its bars, and its order is filled at the open of the next
bar. The first decision that can read a headline is that of the first close after the headline's publication.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, TimeArray
from fxai.market.markets.instruments import check_alike
from fxai.market.news.news import News
from fxai.market.reading.instrument_bars import read_instruments
from fxai.market.reading.read_bars import load_bars
from fxai.market.timestamps.calendar import bar_length
from fxai.spec.fields.data_config import DataConfig

_NAMED = 5  # names in a message


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """Headlines that were read from files, by what became of them."""

    read: int
    unknown_instrument: int  # dropped: there are no prices of the instrument
    before_prices: int  # dropped: published before the first bar's open
    after_prices: int  # dropped: published after the close of the last bar but one, so that no order can be filled
    kept: int
    unknown: tuple[tuple[str, int], ...]  # instruments without prices, with their headlines, the most frequent first


@dataclass(frozen=True, slots=True, eq=False)
class NewsMarket:
    """Bars and news of instruments. News is in the order of instruments, and then of publication."""

    names: tuple[str, ...]  # of the instruments, sorted
    bars: tuple[Bars, ...]  # of each instrument
    closes: tuple[TimeArray, ...]  # of each instrument: the time of the decision at each bar's close, [bar]
    dates: TimeArray  # opens of the bars of all instruments, each once, [date]
    date: tuple[NDArray[np.int64], ...]  # of each instrument: index in `dates` of each bar, [bar]
    news: News  # its names are those of the market
    first_bar: NDArray[np.int64]  # index of the first bar at whose close a headline can be read, [headline]
    counts: MatchCounts

    @property
    def offsets(self) -> NDArray[np.int64]:
        """The index of the first headline of each instrument, and the number of headlines, [instrument + 1]."""
        return np.searchsorted(self.news.instrument, np.arange(len(self.names) + 1))


def read_prices(config: DataConfig) -> Mapping[str, Bars]:
    """The bars of each instrument by name, in the order of the names; of data without names under an empty name.

    Raises:
        DataError: The bars of an instrument are wrong, or those of two have different lengths or columns.
    """
    if not config.has_instruments:
        return {config.instrument or "": load_bars(config)}
    bars = {name: reading.bars for name, reading in read_instruments(config).items()}
    check_alike(bars)
    return bars


def match_news(bars: Mapping[str, Bars], news: News) -> NewsMarket:
    """Join prices and news.

    Names of instruments are compared without regard to case. News of other instruments, and news that no decision can
    read, is dropped and counted.

    Args:
        bars: Bars by the name of their instrument. One instrument with an empty name gets the only name in the news.
        news: The news.

    Raises:
        DataError: No news is left, or it is not known which instrument the bars are of.
    """
    named = _named(bars, news)
    names = tuple(sorted(named))
    ordered = tuple(named[name] for name in names)
    places = {name.casefold(): place for place, name in enumerate(names)}
    place_of = np.array([places.get(name.casefold(), -1) for name in news.names], np.int64)[news.instrument]
    closes = tuple(closing_times(each.time) for each in ordered)
    first_bar, before, after = _first_bars(news, place_of, ordered, closes)
    known = place_of >= 0
    kept = np.flatnonzero(known & ~before & ~after)
    counts = MatchCounts(
        read=len(news),
        unknown_instrument=int((~known).sum()),
        before_prices=int(before.sum()),
        after_prices=int(after.sum()),
        kept=len(kept),
        unknown=tuple(Counter(np.array(news.names)[news.instrument[~known]].tolist()).most_common()),
    )
    if not len(kept):
        raise DataError(_no_news(news, names, ordered, known, counts))
    kept = kept[np.argsort(place_of[kept], kind="stable")]
    matched = news.at(kept)
    dates = np.unique(np.concatenate([each.time for each in ordered]))
    return NewsMarket(
        names=names,
        bars=ordered,
        closes=closes,
        dates=dates,
        date=tuple(np.searchsorted(dates, each.time) for each in ordered),
        news=News(
            names, place_of[kept], matched.published, matched.titles, matched.summaries, content_hash=news.content_hash
        ),
        first_bar=first_bar[kept],
        counts=counts,
    )


def closing_times(time: TimeArray) -> TimeArray:
    """The time of each bar's close: its open and the typical length of a bar, but not later than the next open."""
    ends = time + bar_length(time)
    ends[:-1] = np.minimum(ends[:-1], time[1:])
    return ends


def _named(bars: Mapping[str, Bars], news: News) -> Mapping[str, Bars]:
    if "" not in bars:
        return bars
    if len(news.names) > 1:
        raise DataError(
            f"the news has {len(news.names)} instruments, {_listed(news.names)}, and the prices have no name; write "
            f"data.source as a mapping, such as {{{news.names[0]}: {bars[''].name}}}"
        )
    return {news.names[0]: bars[""]}


def _first_bars(
    news: News, place_of: NDArray[np.int64], bars: tuple[Bars, ...], closes: tuple[TimeArray, ...]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """For each headline the first bar whose decision can read it, and whether it is before or after the prices."""
    first_bar = np.full(len(news), -1)
    before, after = np.zeros(len(news), np.bool_), np.zeros(len(news), np.bool_)
    for place, (each, ends) in enumerate(zip(bars, closes, strict=True)):
        own = np.flatnonzero(place_of == place)
        published = news.published[own]
        first_bar[own] = np.searchsorted(ends, published, side="right")  # of the first close after it, not at it
        before[own] = published < each.time[0]
        after[own] = first_bar[own] > len(each) - 2
    return first_bar, before, after


def _no_news(
    news: News, names: tuple[str, ...], bars: tuple[Bars, ...], known: NDArray[np.bool_], counts: MatchCounts
) -> str:
    if not known.any():
        return (
            f"the news is about {_listed([name for name, _ in counts.unknown])}, and there are prices of "
            f"{_listed(names)}; give both the same names, for example by data.source: {{{counts.unknown[0][0]}: FILE}}"
        )
    first, last = _day(news.published[known].min()), _day(news.published[known].max())
    start, end = _day(min(each.time[0] for each in bars)), _day(max(each.time[-1] for each in bars))
    ends = "end before" if counts.after_prices == known.sum() else "have no bar in the time of"
    return (
        f"the prices {ends} the news: prices are from {start} to {end}, and news from {first} to {last}; use prices "
        "and news of the same time"
    )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _day(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="D"))
