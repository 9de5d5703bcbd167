"""The decisions on instruments: which headlines each reads, and the returns that follow.

A bar without news has no decision, and its signal is 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray, TimeArray
from fxai.market.news.news_market import NewsMarket
from fxai.market.splits.splits import Span
from fxai.spec.fields.decision_config import DecisionConfig


@dataclass(frozen=True, slots=True)
class NewsDecision:
    """What one decision knows."""

    instrument: str
    time: np.datetime64  # close of the bar, UTC; every headline was published before it
    row: int  # index of the bar in the bars of the instrument
    titles: tuple[str, ...]  # in the order of publication
    summaries: tuple[str, ...]  # of the titles; empty text without one


@dataclass(frozen=True, slots=True, eq=False)
class NewsDecisions:
    """Decisions in the order of time, and then of instruments; every array is [decision]."""

    market: NewsMarket
    instrument: NDArray[np.int64]  # index in the names of the market
    row: NDArray[np.int64]  # index of the bar in the bars of the instrument
    date: NDArray[np.int64]  # index of the bar's open in the dates of the market
    time: TimeArray  # close of the bar
    first: NDArray[np.int64]  # index in the news of the first headline that is read
    stop: NDArray[np.int64]  # index after the last headline that is read

    def __len__(self) -> int:
        return len(self.row)

    def __iter__(self) -> Iterator[NewsDecision]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: int) -> NewsDecision:
        read = slice(int(self.first[place]), int(self.stop[place]))
        news = self.market.news
        return NewsDecision(
            instrument=self.market.names[self.instrument[place]],
            time=self.time[place],
            row=int(self.row[place]),
            titles=news.titles[read],
            summaries=news.summaries[read],
        )

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> "NewsDecisions":
        """The decisions at these places."""
        names = ("instrument", "row", "date", "time", "first", "stop")
        return replace(self, **{name: getattr(self, name)[places] for name in names})

    def within(self, span: Span) -> "NewsDecisions":
        """The decisions on the dates of a span whose orders are filled within it."""
        inside = (self.date >= span.start) & (self.row + 1 < self._row_after(span))
        return self.at(inside)

    def returns(self, lookahead: int, span: Span) -> FloatArray:
        """Returns of the price over the look-ahead, [decision]; NaN where the look-ahead is not within the span.

        A return is from the open of the bar after the decision, at which its order is filled, to the close of the
        `lookahead`-th bar, as a fraction of that open.

        Args:
            lookahead: Number of bars.
            span: Dates whose prices may be read.
        """
        last = self.row + lookahead
        known = last < self._row_after(span)
        found = np.full(len(self), np.nan)
        found[known] = self._moves(known, last[known])
        return found

    def cut_returns(self, lookahead: int, span: Span) -> FloatArray:
        """As `returns`, for decisions `within` the span; the look-ahead of the last ones ends with the span."""
        everywhere = np.ones(len(self), np.bool_)
        return self._moves(everywhere, np.minimum(self.row + lookahead, self._row_after(span) - 1))

    def _row_after(self, span: Span) -> NDArray[np.int64]:
        """The number of bars of the instrument before the end of a span of dates, [decision]."""
        of_each = [np.searchsorted(date, span.stop) for date in self.market.date]
        return np.array(of_each, np.int64)[self.instrument]

    def _moves(self, chosen: NDArray[np.bool_], last: NDArray[np.int64]) -> FloatArray:
        """Returns of the chosen decisions from the next open to the close of the bars `last`."""
        instrument, row = self.instrument[chosen], self.row[chosen]
        moves = np.empty(len(row))
        for place, bars in enumerate(self.market.bars):
            own = instrument == place
            moves[own] = bars.close[last[own]] / bars.open[row[own] + 1] - 1.0
        return moves


def decisions_of(market: NewsMarket, config: DecisionConfig) -> NewsDecisions:
    """All decisions: one for each bar of an instrument with news, and with a next bar at which its order is filled.

    A decision reads the latest `max_headlines` headlines that were published before the bar's close, and not before
    the close of the bar `news_bars` earlier.
    """
    parts = [_of_instrument(market, place, config) for place in range(len(market.names))]
    instrument, row, first, stop = (np.concatenate(each) for each in zip(*parts, strict=True))
    date = np.concatenate([market.date[place][each[1]] for place, each in enumerate(parts)])
    time = np.concatenate([market.closes[place][each[1]] for place, each in enumerate(parts)])
    found = NewsDecisions(market, instrument, row, date, time, first, stop)
    return found.at(np.lexsort((instrument, time)))


def _of_instrument(market: NewsMarket, place: int, config: DecisionConfig) -> tuple[NDArray[np.int64], ...]:
    """Instrument, row, first and stop of the decisions on one instrument."""
    offset, end = market.offsets[place : place + 2]
    first_bar = market.first_bar[offset:end]
    rows = np.arange(len(market.bars[place]) - 1)
    start = np.searchsorted(first_bar, rows - config.news_bars, side="right")
    stop = np.searchsorted(first_bar, rows, side="right")
    start = np.maximum(start, stop - config.max_headlines)
    has_news = stop > start
    rows = rows[has_news]
    return np.full(len(rows), place), rows, offset + start[has_news], offset + stop[has_news]
