"""The bars of lanes in folds, as rows of `MarketTable.of_folds`."""

from collections.abc import Sequence

from fxai.errors import DataError
from fxai.market.markets.dataset import Market
from fxai.market.splits.splits import Span


def train_spans(market: Market, folds: Sequence[int]) -> list[list[Span]]:
    """Returns the train spans of lanes; `folds` are the indices of their folds."""
    return [_moved(market, fold, market.folds[fold].train) for fold in folds]


def scored_spans(market: Market, folds: Sequence[int], window: int) -> list[list[Span]]:
    """Returns the test spans of lanes whose observations have `window` bars.

    Raises:
        DataError: The window of a test begins before the market's first bar.
    """
    if (first := min(span.start for fold in market.folds for span in fold.test)) < window - 1:
        raise DataError(
            f"the first test begins at bar {first}, and env.observation_window needs {window - 1} bars before; raise "
            "combinatorial.first_bar"
        )
    return [_moved(market, fold, market.folds[fold].test) for fold in folds]


def _moved(market: Market, fold: int, spans: Sequence[Span]) -> list[Span]:
    offset = fold * len(market)
    return [Span(span.start + offset, span.stop + offset) for span in spans]
