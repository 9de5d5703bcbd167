"""Returns and trades of portfolio weights, by the rules of trading of `PositionReturns`.

The portfolio has one account for each instrument, in which a position is its weight times the capital. The return of a
date is the sum of the returns of all accounts, so the capital behind each weight is renewed with the gains of its own
account only, and a position keeps its units while its weight stays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray
from fxai.market.markets.dataset import without_features
from fxai.market.news.news_market import NewsMarket
from fxai.market.scores.position_returns import PositionReturns
from fxai.market.scores.scored_steps import ScoredSteps
from fxai.market.splits.splits import Span
from fxai.spec.fields.basket_config import BasketConfig


@dataclass(frozen=True, slots=True, eq=False)
class _Account:
    """The account of one instrument on its bars in a span but those of the first date."""

    date: NDArray[np.int64]  # date of each bar, from the second one of the span on, [bar]
    before: NDArray[np.int64]  # date of the bar before, from the first one of the span on; negative before the span
    returns_of: PositionReturns

    @classmethod
    def of(cls, market: NewsMarket, place: int, span: Span, config: BasketConfig) -> "_Account":
        date = market.date[place]
        bar = np.arange(np.searchsorted(date, span.start + 1), np.searchsorted(date, span.stop))
        before = np.where(bar > 0, date[bar - 1], -1) - span.start
        prices = without_features(market.bars[place], market.names[place])
        returns_of = PositionReturns.of_market(prices, bar, np.arange(len(bar)) == 0, config.env())
        return cls(date[bar] - span.start - 1, before, returns_of)

    def steps(self, weights: FloatArray, cost_multiple: float) -> ScoredSteps:
        """The steps of weights [date of the span]; the account is flat until the first decision in the span."""
        wanted = np.where(self.before >= 0, weights[np.maximum(self.before, 0)], 0.0)
        return self.returns_of.steps(wanted, cost_multiple=cost_multiple)


@dataclass(frozen=True, slots=True, eq=False)
class BasketReturns:
    """Computes the returns of weights on the dates of one span, from the second one on."""

    accounts: tuple[_Account, ...]  # of each instrument
    dates: int  # number of dates with returns

    @classmethod
    def of(cls, market: NewsMarket, span: Span, config: BasketConfig) -> "BasketReturns":
        """For the dates of a span, at least two; `config` has the costs."""
        accounts = tuple(_Account.of(market, place, span, config) for place in range(len(market.names)))
        return cls(accounts, len(span) - 1)

    def __call__(self, positions: FloatArray, *, cost_multiple: float = 1.0) -> FloatArray:
        """Returns [date but the first] after costs of weights [date of the span, instrument]; see `steps`."""
        return self.steps(positions, np.zeros(self.dates), cost_multiple=cost_multiple).returns

    def steps(self, weights: FloatArray, rewards: FloatArray, *, cost_multiple: float = 1.0) -> ScoredSteps:
        """Returns, turnover and trades of each date but the first. Positions are closed at the end of the span.

        Args:
            weights: Wanted weights after the decisions of each date, from -1 to 1, [date of the span, instrument].
                They are traded at the next open of the instrument.
            rewards: Rewards of the steps, [date but the first].
            cost_multiple: Factor on spread, slippage and commission.
        """
        sums = np.zeros((4, self.dates))
        for account, steps in zip(self.accounts, self.of_each(weights, cost_multiple=cost_multiple), strict=True):
            sums[:, account.date] += np.stack([steps.returns, steps.turnover, steps.closed, steps.won])
        return ScoredSteps(rewards, *sums)

    def of_each(self, weights: FloatArray, *, cost_multiple: float = 1.0) -> tuple[ScoredSteps, ...]:
        """The steps of each instrument on its own bars, with returns of the capital of the portfolio; see `steps`."""
        return tuple(
            account.steps(of_one, cost_multiple) for account, of_one in zip(self.accounts, weights.T, strict=True)
        )
