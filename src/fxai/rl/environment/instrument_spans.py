"""The bars of several instruments, as rows of `MarketTable.of_set`: one instrument after the other."""

from collections.abc import Sequence

from fxai.errors import DataError
from fxai.market.markets.instruments import MarketSet
from fxai.market.splits.splits import Span


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
