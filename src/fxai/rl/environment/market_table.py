"""The arrays of a market that the environments of all lanes share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fxai.errors import DataError
from fxai.market.bars import TimeArray
from fxai.market.mapped.market_folder import MappedMarkets
from fxai.market.markets.dataset import Market
from fxai.market.markets.instruments import MarketSet
from fxai.market.rules.compiled import Array
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.sessions import session_codes
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.session_config import SessionConfig


@dataclass(frozen=True, slots=True, eq=False)
class MarketTable:
    """Quotes and features of a market. Prices are ratios, so that float32 has seven digits of a return."""

    quotes: Array  # [bar, 7], the columns of `Quote` up to the price
    features: Array  # [bar, feature]
    has_spread: bool  # whether the market's spread replaces `env.spread`
    has_nights: bool  # whether any bar spans a rollover
    instruments: tuple[tuple[str, int], ...] = ()  # name of each instrument, and the bar after its last one
    book: Array | None = None  # levels that orders take, see `book_levels`
    times: tuple[TimeArray, ...] = ()  # opens of the bars of each market that is joined; needed for sessions
    _codes: dict[tuple[SessionConfig, ...], Array] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(
        cls,
        *,
        open: ArrayLike,  # noqa: A002 - the field's name in every table of bars
        close: ArrayLike,
        nights: ArrayLike,
        features: ArrayLike,
        spread: ArrayLike | None = None,
        high: ArrayLike | None = None,
        low: ArrayLike | None = None,
        book: ArrayLike | None = None,
        dtype: DTypeLike = np.float32,
    ) -> "MarketTable":
        """Returns the table of arrays [bar], and of features [bar, feature].

        `spread` is the full bid-ask spread in units of price, `book` has the levels of `book_levels`. Without high or
        low, they are those of open and close.

        Raises:
            DataError: A spread is negative or not below its bar's open, or a feature is not finite.
        """
        standardized = np.asarray(features, np.float64)
        if not np.isfinite(standardized).all():
            raise DataError("a feature is not a finite number; omit the bars before the longest window is complete")
        table = QuoteTable.of(open=open, close=close, nights=nights, spread=spread, high=high, low=low)
        return cls(
            quotes=table.rows.astype(dtype),
            features=standardized.astype(dtype),
            has_spread=table.has_spread,
            has_nights=bool(np.any(nights)),
            book=None if book is None else np.asarray(book, dtype),
        )

    @classmethod
    def of_market(cls, market: Market) -> "MarketTable":
        """Returns the table of one market."""
        table = cls.of(
            open=market.open,
            close=market.close,
            nights=market.nights,
            features=market.features,
            spread=market.spread,
            high=market.high,
            low=market.low,
            book=market.book,
        )
        named = ((market.instrument, len(market)),) if market.instrument else ()
        return replace(table, instruments=named, times=(market.time,))

    @classmethod
    def of_set(cls, markets: MarketSet) -> "MarketTable":
        """Returns the table of all markets of a set, joined."""
        return cls.joined([cls.of_market(market) for market in markets.markets])

    @classmethod
    def of_folds(cls, folds: Iterable[Market]) -> "MarketTable":
        """Returns the table of the markets of all folds, joined: bar b of fold f is bar f * bars + b.

        The markets differ in their features only, which are standardized for each fold. So the environments of lanes
        in different folds share the table, and a lane's fold is only an offset of its bars.
        """
        return cls.joined([cls.of_market(market) for market in folds])

    @classmethod
    def of_mapped_set(cls, mapped: MappedMarkets) -> "MarketTable":
        """Returns `of_set` of mapped markets, in the mapped memory itself."""
        markets = mapped.markets
        times = tuple(market.time for market in markets.markets)
        stops = accumulate(map(len, times))
        named = tuple(zip(markets.names, stops, strict=False))  # data of one instrument without a name have no names
        books = [each.book for each in markets.markets if each.book is not None]
        book = np.concatenate(books).astype(mapped.quotes.dtype) if books else None
        quotes, features = mapped.quotes[mapped.own_rows], mapped.features[mapped.own_rows]
        return cls(quotes, features, mapped.has_spread, mapped.has_nights, named, book, times)

    @classmethod
    def of_mapped_folds(cls, mapped: MappedMarkets) -> "MarketTable":
        """Returns `of_folds` of a mapped market, in the mapped memory itself."""
        own = cls.of_mapped_set(mapped)
        folds = len(mapped.quotes) // len(own)
        book = None if own.book is None else np.concatenate([own.book] * folds)
        return replace(own, quotes=mapped.quotes, features=mapped.features, book=book, times=own.times * folds)

    @classmethod
    def joined(cls, parts: Sequence["MarketTable"]) -> "MarketTable":
        """Joins the bars of markets, one market after the other. All markets have a spread, or none has."""
        if len(parts) == 1:
            return parts[0]
        stops = accumulate(len(part) for part in parts)
        books = [part.book for part in parts if part.book is not None]
        return cls(
            quotes=np.concatenate([part.quotes for part in parts]),
            features=np.concatenate([part.features for part in parts]),
            has_spread=parts[0].has_spread,
            has_nights=any(part.has_nights for part in parts),
            instruments=tuple(
                (name, stop) for part, stop in zip(parts, stops, strict=True) for name, _ in part.instruments
            ),
            book=np.concatenate(books) if books else None,
            times=tuple(time for part in parts for time in part.times),
        )

    def __len__(self) -> int:
        return len(self.quotes)

    def session_codes(self, sessions: tuple[SessionConfig, ...] | None) -> Array | None:
        """Returns the codes of `market/rules/sessions.py` as uint8 [bar], or None without sessions. It keeps them.

        Raises:
            ValueError: The times of the bars are unknown.
        """
        if sessions is None:
            return None
        if sum(map(len, self.times)) != len(self):
            raise ValueError("sessions need the times of the bars")
        if sessions not in self._codes:
            self._codes[sessions] = np.concatenate([session_codes(time, sessions) for time in self.times])
        return self._codes[sessions]

    def charged_instruments(self, configs: Sequence[EnvConfig]) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Returns the instruments whose costs differ: names, and the bar after the last one of each.

        If no lane has costs of single instruments, all bars are those of one instrument without a name.
        """
        if not self.instruments or all(config.costs is None for config in configs):
            return ("",), (len(self),)
        names, stops = zip(*self.instruments, strict=True)
        return names, stops
