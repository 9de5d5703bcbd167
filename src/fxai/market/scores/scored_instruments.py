"""The bars on which the agents of several instruments are scored during a training."""

import numpy as np

from fxai.market.markets.instruments import MarketSet
from fxai.market.scores.bar_returns import Windows, windows_of
from fxai.market.scores.instrument_scores import InstrumentBars
from fxai.market.splits.splits import Span


def instrument_windows(markets: MarketSet, parts: int | None) -> Windows:
    """The joined bars on which an agent earns returns, of one market after the other; see `windows_of`."""
    return tuple(
        Span(window.start + offset, window.stop + offset)
        for market, offset in zip(markets.markets, markets.offsets, strict=True)
        for window in windows_of(market.splits, parts)
    )


def scored_instruments(markets: MarketSet, parts: int | None) -> InstrumentBars | None:
    """The bars of `instrument_windows`; None if the markets are not those of named instruments."""
    if not markets.names:
        return None
    of_each = [windows_of(market.splits, parts) for market in markets.markets]
    times = [
        market.time[window.start : window.stop]
        for market, windows in zip(markets.markets, of_each, strict=True)
        for window in windows
    ]
    return InstrumentBars(
        names=markets.names,
        counts=tuple(sum(map(len, windows)) for windows in of_each),
        bars_per_year=tuple(market.bars_per_year for market in markets.markets),
        time=np.concatenate(times),
    )
