"""Prices in the form that the rules of trading use: ratios of consecutive prices, one row per bar."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from fxai.errors import DataError
from fxai.market.bars import FloatArray
from fxai.market.markets.dataset import Market
from fxai.market.rules.compiled import Array
from fxai.market.rules.rule_records import IN_SESSION, Quote
from fxai.market.rules.sessions import SessionCodes, session_codes
from fxai.spec.fields.session_config import SessionConfig


@dataclass(frozen=True, slots=True, eq=False)
class QuoteTable:
    """The quotes of a market's bars."""

    rows: FloatArray  # [bar, 7], the fields of Quote before `session`, float64
    has_spread: bool  # whether the market's own spread replaces `env.spread`
    instrument: str = ""  # name of the instrument whose costs apply
    sessions: SessionCodes | None = None  # [bar]; None: every bar is in a session
    book: FloatArray | None = None  # levels that orders take, see `book_levels`

    @classmethod
    def of(
        cls,
        *,
        open: ArrayLike,  # noqa: A002 - the field's name in every table of bars
        close: ArrayLike,
        nights: ArrayLike,
        spread: ArrayLike | None = None,
        high: ArrayLike | None = None,
        low: ArrayLike | None = None,
    ) -> "QuoteTable":
        """The quotes of bars; all arguments are [bar], in units of price except `nights`.

        Args:
            open: Opens.
            close: Closes.
            nights: Nights charged for a position held over the bar.
            spread: Full bid-ask spread.
            high: Highs; without them the higher one of open and close.
            low: Lows; without them the lower one of open and close.

        Raises:
            DataError: If a spread is negative or not below its bar's open.
        """
        opens, closes = np.asarray(open, np.float64), np.asarray(close, np.float64)
        gap = np.concatenate([[0.0], opens[1:] / closes[:-1] - 1.0])
        highs = np.maximum(opens, closes) if high is None else np.asarray(high, np.float64)
        lows = np.minimum(opens, closes) if low is None else np.asarray(low, np.float64)
        columns = [
            gap,
            closes / opens - 1.0,
            np.asarray(nights, np.float64),
            _half_spread(spread, opens),
            highs / opens - 1.0,
            lows / opens - 1.0,
            opens,
        ]
        return cls(np.stack(columns, axis=1), spread is not None)

    @classmethod
    def of_market(cls, market: Market, sessions: Sequence[SessionConfig] | None = None) -> "QuoteTable":
        """The quotes of all bars of a market, by default without sessions."""
        table = cls.of(
            open=market.open,
            close=market.close,
            nights=market.nights,
            spread=market.spread,
            high=market.high,
            low=market.low,
        )
        codes = None if sessions is None else session_codes(market.time, sessions)
        return replace(table, instrument=market.instrument, sessions=codes, book=market.book)

    def at(self, bar: int) -> Quote:
        """The quote of one bar."""
        (quote,) = self.between(bar, bar)
        return quote

    def between(self, first: int, last: int) -> Sequence[Quote]:
        """The quotes of the bars `first`..`last`."""
        rows = self.rows[first : last + 1].tolist()
        codes = [IN_SESSION] * len(rows) if self.sessions is None else self.sessions[first : last + 1].tolist()
        return [Quote(*(*row, code)) for row, code in zip(rows, codes, strict=True)]


def quote_at(quotes: Array, bar: int, code: float) -> Quote:
    """The quote of one bar, for compiled loops; quotes [bar, 7], and the bar's session code.

    It has no branch, because a branch makes numba count the references of the array, which takes longer than the rest.
    """
    return Quote(
        quotes[bar, 0],
        quotes[bar, 1],
        quotes[bar, 2],
        quotes[bar, 3],
        quotes[bar, 4],
        quotes[bar, 5],
        quotes[bar, 6],
        code,
        0.0,
        0.0,
    )


def _half_spread(spread: ArrayLike | None, opens: FloatArray) -> FloatArray:
    """Half of a spread in price units as a fraction of the open; zeros without a spread."""
    if spread is None:
        return np.zeros_like(opens)
    full = np.asarray(spread, np.float64)
    wrong = np.flatnonzero(~((full >= 0) & (full < opens)))
    if wrong.size:
        bar = wrong[0]
        raise DataError(
            f"the spread of bar {bar} is {full[bar]}, its open {opens[bar]}; a spread is a price difference, "
            "at least 0 and below the price (data.spread_unit converts points)"
        )
    half: FloatArray = full / (2.0 * opens)
    return half
