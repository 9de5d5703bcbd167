"""Scores of signals, beside the ledger."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.markets.dataset import without_features
from fxai.market.news.baskets import basket_weights
from fxai.market.news.decisions import NewsDecisions, decisions_of
from fxai.market.news.news_market import match_news
from fxai.market.news.planted_news import planted_news
from fxai.market.news.signal_scores import ScoringRules, score_signals, scored_dates, signal_matrix, signal_rewards
from fxai.market.scores.bar_returns import BarReturns
from fxai.market.splits.splits import Span
from fxai.spec.fields.basket_config import BasketConfig
from fxai.spec.fields.decision_config import DecisionConfig
from market.ledger import Ledger, Prices
from market.news.small_news import DAY, HOUR, START, bars_of, news_of, without_bars

SPAN = Span(5, 30)
PLANTED = planted_news(3, instruments=4, days=40)
LEFT_OUT = {"AAA": [11, 12], "CCC": [5, 6, 29], "DDD": range(20)}
MARKET = match_news(without_bars(PLANTED.bars, LEFT_OUT), PLANTED.news)
DECISIONS = decisions_of(MARKET, DecisionConfig()).within(SPAN)


def rules(**baskets: float) -> ScoringRules:
    return ScoringRules(BasketConfig.model_validate(baskets), lookahead=3, signal_strength=10)


def of_ledger(place: int, weights: np.ndarray, config: BasketConfig) -> dict[int, tuple[float, float, int, int]]:
    """Return, turnover, closed and won trades of one instrument by date, from a ledger of cash and units."""
    bars, date = MARKET.bars[place], MARKET.date[place].tolist()
    env = config.env()
    levels = tuple(sorted({0.0, 0.5, *weights.tolist()}))
    env = env.model_copy(update={"positions": levels})
    prices = Prices(bars.open.tolist(), bars.close.tolist(), without_features(bars).nights.tolist())
    rows = [row for row, each in enumerate(date) if SPAN.start < each < SPAN.stop]
    ledger = Ledger(prices, env, rows[0] - 1, rows[-1] + 1, close_at_end=True)
    found = {}
    for row in rows:
        before = date[row - 1] - SPAN.start if row else -1
        step = ledger.step(levels.index(weights[before] if before >= 0 else 0.0))
        ended = [trade for trade in (step.closed, step.settled) if trade is not None]
        won = sum(trade.gain > 0 for trade in ended)
        found[date[row]] = (step.step_return, step.turnover, len(ended), won)
    return found


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 3), hold=st.integers(1, 4), swap=st.sampled_from([0.0, 0.002]))
def test_the_portfolio_is_the_sum_of_the_accounts_of_the_ledger(seed: int, size: int, hold: int, swap: float) -> None:
    signals = np.random.default_rng(seed).integers(-10, 11, len(DECISIONS)).astype(np.float64)
    config = rules(size=size, hold=hold, spread=0.002, commission_rate=0.001, swap_short_rate=swap)
    score = score_signals(DECISIONS, signals, SPAN, config)
    weights = basket_weights(signal_matrix(DECISIONS, signals, SPAN), config.baskets)
    expected = np.zeros((4, len(SPAN) - 1))
    for place in range(1, 4):  # AAA is first
        for date, figures in of_ledger(place, weights[:, place], config.baskets).items():
            expected[:, date - SPAN.start - 1] += figures
    for date, figures in of_ledger(0, weights[:, 0], config.baskets).items():
        expected[:, date - SPAN.start - 1] += figures
    (steps,) = score.parts
    found = np.stack([steps.returns, steps.turnover, steps.closed, steps.won])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert score.metrics["total_return"] == pytest.approx(np.prod(1 + expected[0]) - 1)
    assert score.metrics["mean_reward"] == pytest.approx(
        signal_rewards(DECISIONS, signals, SPAN, config).mean(), abs=1e-15
    )


def one_instrument(closes: list[float]) -> tuple[NewsDecisions, Span]:
    news = news_of([("AAA", START + day * DAY + HOUR, "a") for day in range(len(closes))])
    span = Span(0, len(closes))
    return decisions_of(match_news({"AAA": bars_of("AAA", closes)}, news), DecisionConfig()).within(span), span


def test_a_reward_is_the_signal_over_its_strength_times_the_return_from_the_fill_on() -> None:
    decisions, span = one_instrument([10, 10, 11, 12, 9])
    rewards = signal_rewards(decisions, np.array([10.0, 5.0, -10.0, 0.0]), span, rules())
    np.testing.assert_allclose(rewards, [12 / 10 - 1, (9 / 10 - 1) / 2, -(9 / 11 - 1), 0.0])


def test_signals_of_another_strength_are_scored_alike() -> None:
    decisions, span = one_instrument([10, 10, 11, 12, 9])
    signals = np.array([4.0, 2.0, -4.0, 0.0])
    of_ten = score_signals(decisions, signals * 2.5, span, rules())
    of_four = score_signals(decisions, signals, span, ScoringRules(BasketConfig(), 3, 4))
    assert of_ten.metrics == of_four.metrics


def test_costs_lower_the_return_and_their_multiple_lowers_it_more() -> None:
    signals = np.where(np.arange(len(DECISIONS)) % 2 == 0, 10.0, -10.0)
    returns = [
        score_signals(DECISIONS, signals, SPAN, rules(), cost_multiple=multiple).metrics["total_return"]
        for multiple in (0.0, 1.0, 4.0)
    ]
    assert returns == sorted(returns, reverse=True)
    assert len(set(returns)) == 3


def test_scores_of_seeds_become_bar_returns() -> None:
    scores = [score_signals(DECISIONS, np.full(len(DECISIONS), each), SPAN, rules()) for each in (1.0, -1.0)]
    bars = BarReturns.of(7, (1, 2), scores, rewards=True)
    (window,) = scored_dates(SPAN)
    assert bars.returns.shape == (2, len(window))
    for name, influences in scores[0].influences().items():
        assert influences.mean() == pytest.approx(scores[0].metrics[name], abs=1e-9), name
