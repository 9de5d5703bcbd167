"""The tensors of a market that the environments of all lanes share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from fxai.errors import DataError
from fxai.market.bars import TimeArray
from fxai.market.mapped.market_folder import MappedMarkets
from fxai.market.markets.dataset import Market
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.sessions import session_codes
from fxai.spec.fields.session_config import SessionConfig


@dataclass(frozen=True, slots=True)
class Quotes:
    """The quantities of bars that the rules of trading use, each [lane, env]."""

    gap: Tensor  # open over the close before it, minus 1
    intrabar: Tensor  # close over open, minus 1
    nights: Tensor  # rollovers between the bar's open and the next bar's
    half_spread: Tensor  # fraction of the price; 0 if `env.spread` applies
    high: Tensor  # high over open, minus 1
    low: Tensor  # low over open, minus 1
    price: Tensor  # open, in units of the currency
    book: Tensor | None = None  # levels that orders take, [lane, env, side, level, 2]
    session: Tensor | None = None  # codes of `market/rules/sessions.py`; None without sessions


@dataclass(frozen=True, slots=True)
class MarketTensors:
    """Quotes and features of a market. Prices are ratios, so that float32 has seven digits of a return."""

    quotes: Tensor  # [bar, 7], the columns of Quotes
    features: Tensor  # [bar, feature]
    has_spread: bool  # whether the market's spread replaces `env.spread`
    has_nights: bool  # whether any bar spans a rollover
    instruments: tuple[tuple[str, int], ...] = ()  # name of each instrument, and the bar after its last one
    book: Tensor | None = None  # levels that orders take, see `book_levels`
    times: tuple[TimeArray, ...] = ()  # opens of the bars of each market that is joined; needed for sessions
    _codes: dict[tuple[SessionConfig, ...], Tensor] = field(default_factory=dict, compare=False, repr=False)

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
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> "MarketTensors":
        """Converts arrays to tensors on a device; features are [bar, feature], the other arrays [bar].

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
            quotes=torch.as_tensor(table.rows, dtype=dtype, device=device),
            features=torch.as_tensor(standardized, dtype=dtype, device=device),
            has_spread=table.has_spread,
            has_nights=bool(np.any(nights)),
            book=None if book is None else torch.as_tensor(np.asarray(book), dtype=dtype, device=device),
        )

    @classmethod
    def joined(cls, parts: Sequence["MarketTensors"]) -> "MarketTensors":
        """Joins the bars of markets, one market after the other. All markets have a spread, or none has."""
        quotes, features = torch.cat([part.quotes for part in parts]), torch.cat([part.features for part in parts])
        stops = accumulate(len(part.quotes) for part in parts)
        named = tuple((name, stop) for part, stop in zip(parts, stops, strict=True) for name, _ in part.instruments)
        times = tuple(time for part in parts for time in part.times)
        books = [part.book for part in parts if part.book is not None]
        book = torch.cat(books) if books else None
        return cls(quotes, features, parts[0].has_spread, any(part.has_nights for part in parts), named, book, times)

    @property
    def dtype(self) -> torch.dtype:
        return self.quotes.dtype

    @property
    def device(self) -> torch.device:
        return self.quotes.device

    def session_codes(self, sessions: tuple[SessionConfig, ...] | None) -> Tensor | None:
        """Returns the codes of `market/rules/sessions.py` as uint8 [bar], or None without sessions. It keeps them.

        Raises:
            ValueError: The times of the bars are unknown.
        """
        if sessions is None:
            return None
        if sum(map(len, self.times)) != len(self.quotes):
            raise ValueError("sessions need the times of the bars")
        if sessions not in self._codes:
            codes = np.concatenate([session_codes(time, sessions) for time in self.times])
            self._codes[sessions] = torch.from_numpy(codes).to(self.device)
        return self._codes[sessions]

    def at(self, bar: Tensor, sessions: Tensor | None = None) -> Quotes:
        """Returns the quotes of bars [lane, env] int64, with those of the `session_codes`."""
        quotes = Quotes(*self.quotes[bar].unbind(-1))
        if self.book is not None:
            quotes = replace(quotes, book=self.book[bar])
        return quotes if sessions is None else replace(quotes, session=sessions[bar])


def on_device(market: Market, device: torch.device) -> MarketTensors:
    """Returns the tensors of a market on a device."""
    tensors = MarketTensors.of(
        open=market.open,
        close=market.close,
        nights=market.nights,
        features=market.features,
        spread=market.spread,
        high=market.high,
        low=market.low,
        book=market.book,
        device=device,
    )
    named = ((market.instrument, len(market)),) if market.instrument else ()
    return replace(tensors, instruments=named, times=(market.time,))


def mapped_on_device(mapped: MappedMarkets, device: torch.device) -> MarketTensors:
    """Returns the joined tensors of mapped markets on a device; on a CPU they are the mapped memory itself."""
    quotes, features = torch.from_numpy(mapped.quotes).to(device), torch.from_numpy(mapped.features).to(device)
    markets = mapped.markets
    times = tuple(market.time for market in markets.markets)
    repeats = len(quotes) // sum(map(len, times))  # folds have the same bars
    stops = accumulate(map(len, times))
    named = tuple(zip(markets.names, stops, strict=False))  # data of one instrument without a name have no names
    books = [torch.from_numpy(each.book).to(quotes) for each in markets.markets if each.book is not None]
    book = torch.cat(books * repeats) if books else None
    return MarketTensors(quotes, features, mapped.has_spread, mapped.has_nights, named, book, times * repeats)


def folds_on_device(folds: Iterable[Market], device: torch.device) -> MarketTensors:
    """Returns the tensors of the markets of all folds, joined: bar b of fold f is bar f * bars + b.

    The markets differ in their features only, which are standardized for each fold. So the environments of lanes in
    different folds share the tensors, and a lane's fold is only an offset of its bars.
    """
    return MarketTensors.joined([on_device(market, device) for market in folds])
