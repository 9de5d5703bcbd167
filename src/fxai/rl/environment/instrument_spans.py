"""The tensors and the bars of several instruments: one instrument after the other, as the folds of a market."""

from collections.abc import Sequence

import torch

from fxai.errors import DataError
from fxai.market.markets.instruments import MarketSet
from fxai.market.splits.splits import Span
from fxai.rl.environment.market_tensors import MarketTensors, on_device


def set_on_device(markets: MarketSet, device: torch.device) -> MarketTensors:
    """Returns the tensors of all markets on a device, joined."""
    parts = [on_device(market, device) for market in markets.markets]
    return parts[0] if len(parts) == 1 else MarketTensors.joined(parts)


def scored_instrument_spans(markets: MarketSet, window: int) -> Sequence[Span]:
    """Returns the validation split of each market, in joined bars, for observations of `window` bars.

    Raises:
        DataError: The window of a first bar begins before the first bar of its market.
    """
    for name, market in zip(markets.names, markets.markets, strict=True):
        if (first := market.splits.validation.start) < window - 1:
            raise DataError(
                f"instrument {name}: the validation split begins at bar {first}, and env.observation_window needs "
                f"{window - 1} bars before; shorten the window or provide more bars"
            )
    return markets.validation
