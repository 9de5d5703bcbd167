"""Faults of the starter kit of the FinRL Contest 2024, Task 2, which must not be repeated."""

import numpy as np

from fxai.market.news.decision_splits import split_decisions, training_span
from fxai.market.news.decisions import NewsDecisions, decisions_of
from fxai.market.news.news_market import match_news
from fxai.market.news.planted_news import planted_news
from fxai.market.news.prompts import prompts
from fxai.market.news.signal_scores import ScoringRules, score_signals, signal_rewards
from fxai.market.splits.splits import Span, Splits
from fxai.spec.fields.basket_config import BasketConfig
from fxai.spec.fields.data_config import SplitConfig
from fxai.spec.fields.decision_config import DecisionConfig
from market.news.small_news import DAY, HOUR, START, bars_of, news_of

CONFIG = DecisionConfig(lookahead=2)
RULES = ScoringRules(BasketConfig(hold=1), lookahead=2, signal_strength=10)
PLANTED = planted_news(4, instruments=2, days=60)


def split(decisions: NewsDecisions) -> Splits:
    return split_decisions(decisions, SplitConfig(), CONFIG)


def test_decisions_have_news() -> None:
    """The kit asks for news with the start after the end, so that it is always empty."""
    decisions = decisions_of(match_news(PLANTED.bars, PLANTED.news), CONFIG)
    assert all(decision.titles for decision in decisions)
    read = {title for decision in decisions for title in decision.titles}
    assert read == set(decisions.market.news.titles)


def test_a_right_short_earns_what_a_right_long_earns() -> None:
    """The kit punishes signals below 0 before a falling price."""
    rises, falls = [10.0, 10, 11, 12.1, 13.31], [10.0, 10, 9, 8.1, 7.29]
    earned = []
    for closes, signal in ((rises, 10.0), (falls, -10.0)):
        news = news_of([("AAA", START + day * DAY + HOUR, "a") for day in range(4)])
        span = Span(0, 5)
        decisions = decisions_of(match_news({"AAA": bars_of("AAA", closes)}, news), CONFIG).within(span)
        signals = np.full(len(decisions), signal)
        rewards = signal_rewards(decisions, signals, span, RULES)
        assert rewards.min() > 0
        assert score_signals(decisions, signals, span, RULES).metrics["total_return"] > 0
        earned.append(rewards[:1])
    np.testing.assert_allclose(earned, [[0.1], [0.1]])


def test_training_reads_nothing_of_the_other_splits() -> None:
    """The kit trains on the file of the test."""
    trained = []
    for factor in (1.0, 2.0):
        decisions = decisions_of(match_news(PLANTED.bars, PLANTED.news), CONFIG)
        stop = split(decisions).train.stop
        bars = {
            name: bars_of(
                name, (each.close * np.where(np.arange(len(each)) < stop, 1.0, factor)).tolist(), each.time[0]
            )
            for name, each in PLANTED.bars.items()
        }
        later = PLANTED.news.published >= bars["AAA"].time[stop]
        titles = [
            f"{title} {factor}" if late else title for title, late in zip(PLANTED.news.titles, later, strict=True)
        ]
        rows = [
            (PLANTED.news.names[place], moment, title)
            for place, moment, title in zip(PLANTED.news.instrument, PLANTED.news.published, titles, strict=True)
        ]
        decisions = decisions_of(match_news(bars, news_of(rows)), CONFIG)
        train = split(decisions).train
        own = decisions.within(training_span(train, CONFIG))
        trained.append((prompts(own, CONFIG, 10), own.returns(2, train).tolist()))
    assert trained[0][0] == trained[1][0]
    np.testing.assert_array_equal(trained[0][1], trained[1][1])
    assert np.isnan(own.returns(9, train)).any()  # a return that ends after the split is not known


def test_each_instrument_and_day_has_a_reward_of_its_own() -> None:
    """The kit gives the sum over all instruments to each answer."""
    rows = [(name, START + day * DAY + HOUR, "a") for name in ("AAA", "BBB") for day in range(3)]
    bars = {"AAA": bars_of("AAA", [10, 10, 12, 13, 14]), "BBB": bars_of("BBB", [10, 10, 9, 8, 7])}
    span = Span(0, 5)
    decisions = decisions_of(match_news(bars, news_of(rows)), CONFIG).within(span)
    of_each = {
        (each.instrument, each.row): value for each, value in zip(decisions, decisions.returns(1, span), strict=True)
    }
    assert of_each["AAA", 0] == of_each["BBB", 0] == 0
    np.testing.assert_allclose([of_each["AAA", 1], of_each["BBB", 1]], [0.2, -0.1])
