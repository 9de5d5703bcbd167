"""Strategies beside the winner's signals on the same dates, by the rules of the baskets and after the same costs.

Holding is an equal share of each instrument. Random trading has the winner's signals shifted in time, circularly.
"""

import numpy as np

from fxai.evaluation.position_baselines import (
    SHIFTS,
    PositionBaselines,
    best_days_share,
    break_even_cost_multiple,
    random_trading,
    strategy_figures,
)
from fxai.market.bars import FloatArray
from fxai.market.news.basket_returns import BasketReturns
from fxai.market.news.baskets import basket_rows, held_weights
from fxai.market.news.decisions import NewsDecisions
from fxai.market.news.signal_scores import ScoringRules, signal_matrix
from fxai.market.splits.splits import Span
from fxai.market.timestamps.calendar import bars_per_year


def signal_baselines(
    decisions: NewsDecisions,
    signals: FloatArray,
    span: Span,
    rules: ScoringRules,
    *,
    seed: int = 0,
    shifts: int = SHIFTS,
) -> PositionBaselines:
    """The baselines of the winner's signals.

    Args:
        decisions: Decisions `within` the span.
        signals: The signal of each decision, [decision].
        span: Dates, at least two.
        rules: Baskets and costs.
        seed: Seed of the drawn shifts.
        shifts: Number of shifts; all that there are if there are fewer.
    """
    market, hold = decisions.market, rules.baskets.hold
    returns_of, per_year = BasketReturns.of(market, span, rules.baskets), bars_per_year(market.dates)
    rows = basket_rows(signal_matrix(decisions, signals, span), rules.baskets.size)
    weights = held_weights(rows, hold)
    returns = returns_of(weights)
    shares = np.full_like(weights, 1.0 / len(market.names))
    held = {-1.0: returns_of(-shares), 0.0: np.zeros(len(returns)), 1.0: returns_of(shares)}
    best = max(held, key=lambda position: (float(held[position].mean()), position == 0))

    def mean_at(shift: int) -> float:
        """Mean return of the signals shifted by a number of dates; no order of the last date is filled."""
        moved = np.concatenate([np.roll(rows[:-1], shift, axis=0), rows[-1:]])
        return float(returns_of(held_weights(moved, hold)).mean())

    return PositionBaselines(
        flat=strategy_figures(held[0.0], per_year),
        buy_and_hold=strategy_figures(held[1.0], per_year),
        sell_and_hold=strategy_figures(held[-1.0], per_year),
        best_constant_position=best,
        best_constant=strategy_figures(held[best], per_year),
        random=random_trading(mean_at, len(rows) - 1, float(returns.mean()), seed, shifts) if rows.any() else None,
        break_even_cost_multiple=break_even_cost_multiple(returns_of, weights),
        best_days_share=best_days_share(returns, market.dates[span.start + 1 : span.stop]),
    )
