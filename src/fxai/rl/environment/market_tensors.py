"""The tensors of a market that the environments of all lanes share."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fxai.market.markets.dataset import Market
from fxai.rl.environment.market_table import MarketTable
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
    """A market on a device."""

    table: MarketTable  # on the host; on a CPU the tensors share its memory
    quotes: Tensor  # [bar, 7], the columns of Quotes
    features: Tensor  # [bar, feature]
    book: Tensor | None  # levels that orders take, see `book_levels`

    @classmethod
    def of_table(cls, table: MarketTable, device: torch.device | str = "cpu") -> "MarketTensors":
        """Returns the tensors of a table on a device; on a CPU they share its memory."""
        book = None if table.book is None else torch.from_numpy(table.book).to(device)
        return cls(table, torch.from_numpy(table.quotes).to(device), torch.from_numpy(table.features).to(device), book)

    @property
    def dtype(self) -> torch.dtype:
        return self.quotes.dtype

    @property
    def device(self) -> torch.device:
        return self.quotes.device

    def session_codes(self, sessions: tuple[SessionConfig, ...] | None) -> Tensor | None:
        """Returns the codes of `MarketTable.session_codes` on the device."""
        codes = self.table.session_codes(sessions)
        return None if codes is None else torch.from_numpy(codes).to(self.device)

    def at(self, bar: Tensor, sessions: Tensor | None = None) -> Quotes:
        """Returns the quotes of bars [lane, env] int64, with those of the `session_codes`."""
        quotes = Quotes(*self.quotes[bar].unbind(-1))
        if self.book is not None:
            quotes = replace(quotes, book=self.book[bar])
        return quotes if sessions is None else replace(quotes, session=sessions[bar])


def on_device(market: Market, device: torch.device) -> MarketTensors:
    """Returns the tensors of a market on a device."""
    return MarketTensors.of_table(MarketTable.of_market(market), device)
