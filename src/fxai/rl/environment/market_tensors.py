"""A market on the device: what the environments of all lanes read, stored once."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from fxai.errors import DataError
from fxai.market.dataset import Market
from fxai.market.quotes import QuoteTable


@dataclass(frozen=True, slots=True)
class Quotes:
    """What account keeping needs of a bar, each [lane, env]."""

    gap: Tensor  # open over the close before it, minus 1
    intrabar: Tensor  # close over open, minus 1
    nights: Tensor  # rollovers between the bar's open and the next bar's
    half_spread: Tensor  # fraction of the price; 0 where the market has no spread of its own


@dataclass(frozen=True, slots=True)
class MarketTensors:
    """Prices as ratios, so that float32 keeps seven digits of a return rather than of a price."""

    quotes: Tensor  # [bar, 4], the columns of Quotes
    features: Tensor  # [bar, feature]
    has_spread: bool  # whether its own spread replaces `env.spread`
    has_nights: bool  # whether any bar spans a rollover

    @classmethod
    def of(
        cls,
        *,
        open: ArrayLike,  # noqa: A002 - the field's name in every table of bars
        close: ArrayLike,
        nights: ArrayLike,
        features: ArrayLike,
        spread: ArrayLike | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> "MarketTensors":
        """Put arrays on the device; open, close, nights, spread are [bar], features [bar, feature].

        `spread` is the full bid-ask spread in price units; it becomes a fraction of the bar's open.
        Raises DataError for a spread that is negative or not below its bar's open, and for features
        that are not finite.
        """
        standardized = np.asarray(features, np.float64)
        if not np.isfinite(standardized).all():
            raise DataError("a feature is not a finite number; leave out the bars before its longest window is full")
        table = QuoteTable.of(open=open, close=close, nights=nights, spread=spread)
        return cls(
            quotes=torch.as_tensor(table.rows, dtype=dtype, device=device),
            features=torch.as_tensor(standardized, dtype=dtype, device=device),
            has_spread=table.has_spread,
            has_nights=bool(np.any(nights)),
        )

    @property
    def dtype(self) -> torch.dtype:
        return self.quotes.dtype

    @property
    def device(self) -> torch.device:
        return self.quotes.device

    def at(self, bar: Tensor) -> Quotes:
        """The quotes of bars [lane, env] int64."""
        return Quotes(*self.quotes[bar].unbind(-1))


def on_device(market: Market, device: torch.device) -> MarketTensors:
    """What environments read of a market, as tensors."""
    return MarketTensors.of(
        open=market.open,
        close=market.close,
        nights=market.nights,
        features=market.features,
        spread=market.spread,
        device=device,
    )
