"""Scores of signals on a span of dates, in the form in which FxAI's agents are scored."""

from dataclasses import dataclass

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.news.basket_returns import BasketReturns
from fxai.market.news.baskets import basket_weights
from fxai.market.news.decisions import NewsDecisions
from fxai.market.scores.bar_returns import Windows
from fxai.market.scores.scored_steps import SpanScore
from fxai.market.splits.splits import Span
from fxai.market.timestamps.calendar import bars_per_year
from fxai.spec.fields.basket_config import BasketConfig


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """How signals are scored; trials of one study differ in the strength of their signals only."""

    baskets: BasketConfig
    lookahead: int  # bars over which the reward of a signal is measured
    signal_strength: int  # of the signals


def signal_matrix(decisions: NewsDecisions, signals: FloatArray, span: Span) -> FloatArray:
    """Signals by date, [date of the span, instrument]; 0 without a decision.

    Args:
        decisions: Decisions `within` the span.
        signals: The signal of each decision, [decision].
        span: Dates.
    """
    matrix = np.zeros((len(span), len(decisions.market.names)))
    matrix[decisions.date - span.start, decisions.instrument] = signals
    return matrix


def score_signals(
    decisions: NewsDecisions, signals: FloatArray, span: Span, rules: ScoringRules, *, cost_multiple: float = 1.0
) -> SpanScore:
    """The score of signals.

    Each bar of the score is a date of the span but the first, on which no order can be filled. `total_return`,
    `sharpe`, `win_rate` and the others are those of the portfolio of baskets after costs. Its positions are closed at
    the close of the last date. `mean_reward` is the mean over dates of the reward of a date (`signal_rewards`).

    Args:
        decisions: Decisions `within` the span.
        signals: The signal of each decision, from -`signal_strength` to `signal_strength`, [decision].
        span: Dates, at least two.
        rules: Baskets and costs, look-ahead and strength.
        cost_multiple: Factor on spread, slippage and commission.
    """
    weights = basket_weights(signal_matrix(decisions, signals, span), rules.baskets)
    returns_of = BasketReturns.of(decisions.market, span, rules.baskets)
    rewards = signal_rewards(decisions, signals, span, rules)
    steps = returns_of.steps(weights, rewards, cost_multiple=cost_multiple)
    return SpanScore.of(steps, bars_per_year(decisions.market.dates))


def instrument_returns(
    decisions: NewsDecisions, signals: FloatArray, span: Span, rules: ScoringRules
) -> tuple[FloatArray, ...]:
    """What each instrument adds to the returns of `score_signals`, on its own bars, [bar] of each instrument."""
    weights = basket_weights(signal_matrix(decisions, signals, span), rules.baskets)
    returns_of = BasketReturns.of(decisions.market, span, rules.baskets)
    return tuple(steps.returns for steps in returns_of.of_each(weights))


def signal_rewards(decisions: NewsDecisions, signals: FloatArray, span: Span, rules: ScoringRules) -> FloatArray:
    """Rewards of the dates of a span but the last one, [date].

    The reward of a signal is signal / strength times the return over the look-ahead from the fill on, so that a right
    short earns what a right long earns. The look-ahead of the last decisions ends with the span. The reward of a date
    is the mean over the instruments of the market, of which one without a decision adds 0.

    Args:
        decisions: Decisions `within` the span.
        signals: The signal of each decision, [decision].
        span: Dates.
        rules: Look-ahead and strength.
    """
    earned = signals / rules.signal_strength * decisions.cut_returns(rules.lookahead, span)
    sums = np.bincount(decisions.date - span.start, earned, minlength=len(span) - 1)
    rewards: FloatArray = sums / len(decisions.market.names)
    return rewards


def scored_dates(span: Span) -> Windows:
    """The dates of a span that `score_signals` scores, for `BarReturns.windows`."""
    return (Span(span.start + 1, span.stop),)
