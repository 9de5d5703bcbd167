"""Generated news: words that decide returns, and words that decide nothing."""

import numpy as np
import pytest

from fxai.market.news.decision_splits import split_decisions
from fxai.market.news.decisions import decisions_of
from fxai.market.news.news_market import match_news
from fxai.market.news.planted_news import PlantedNews, planted_news, planted_signal
from fxai.market.news.signal_scores import ScoringRules, score_signals
from fxai.spec.fields.basket_config import BasketConfig
from fxai.spec.fields.data_config import SplitConfig
from fxai.spec.fields.decision_config import DecisionConfig

CONFIG = DecisionConfig(lookahead=1)
RULES = ScoringRules(BasketConfig(size=1, hold=1), lookahead=1, signal_strength=1)


def best_score(planted: PlantedNews) -> tuple[float, float]:
    """Total return and mean reward of the best known signals on the test split."""
    decisions = decisions_of(match_news(planted.bars, planted.news), CONFIG)
    span = split_decisions(decisions, SplitConfig(), CONFIG).test
    own = decisions.within(span)
    signals = np.array([planted_signal(decision.titles) for decision in own], np.float64)
    metrics = score_signals(own, signals, span, RULES).metrics
    return metrics["total_return"], metrics["mean_reward"]


@pytest.mark.parametrize("seed", range(3))
def test_words_decide_the_next_bar_unless_they_are_shuffled(seed: int) -> None:
    total, reward = best_score(planted_news(seed))
    assert total > 0.2
    assert reward > 0.004
    total, reward = best_score(planted_news(seed, shuffled=True))
    assert total < 0.1
    assert abs(reward) < 0.003


def test_the_seed_decides_everything() -> None:
    one, same, other = planted_news(5, days=30), planted_news(5, days=30), planted_news(6, days=30)
    assert one.news.content_hash == same.news.content_hash != other.news.content_hash
    assert [bars.content_hash for bars in one.bars.values()] == [bars.content_hash for bars in same.bars.values()]
    shuffled = planted_news(5, days=30, shuffled=True)
    words = [sorted(title.partition(" ")[2] for title in each.news.titles) for each in (one, shuffled)]
    assert words[0] == words[1]
    assert one.news.titles != shuffled.news.titles
