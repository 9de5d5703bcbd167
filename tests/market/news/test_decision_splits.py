"""Splits of decisions."""

from typing import Any

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.news.decision_splits import count_splits, split_decisions, training_span
from fxai.market.news.decisions import NewsDecisions, decisions_of
from fxai.market.news.news_market import match_news
from fxai.market.splits.splits import Span
from fxai.spec.fields.data_config import SplitConfig
from fxai.spec.fields.decision_config import DecisionConfig
from market.news.small_news import DAY, HOUR, START, bars_of, news_of

BARS = {"AAA": bars_of("AAA", np.linspace(10, 20, 100).tolist())}
CONFIG = DecisionConfig(lookahead=2)


def decisions_on(days: range) -> NewsDecisions:
    return decisions_of(match_news(BARS, news_of([("AAA", START + day * DAY + HOUR, "a") for day in days])), CONFIG)


def test_shares_are_of_the_time_with_news_and_a_gap_as_long_as_the_lookahead_is_left_out() -> None:
    splits = split_decisions(decisions_on(range(20, 68)), SplitConfig(), CONFIG)
    assert splits.train == Span(20, 50)
    assert splits.validation == Span(52, 60)
    assert splits.test == Span(62, 70)  # with the look-ahead of the last decision


def test_dates_divide_the_news_and_a_longer_embargo_is_kept() -> None:
    split = SplitConfig.model_validate({"train": "2024-02-01", "validation": "2024-03-01", "embargo_bars": 5})
    splits = split_decisions(decisions_on(range(20, 68)), split, CONFIG)
    assert (splits.train, splits.validation, splits.test) == (Span(20, 31), Span(36, 60), Span(65, 70))
    counts = count_splits(decisions_on(range(20, 68)), splits)
    assert (counts["train"].dates, counts["train"].decisions, counts["train"].headlines) == (11, 10, 10)
    assert counts["test"].dates_with_news == 3


def test_a_validation_split_may_have_the_rest() -> None:
    splits = split_decisions(decisions_on(range(20, 68)), SplitConfig(validation=None), CONFIG)
    assert (splits.validation, len(splits.test)) == (Span(52, 70), 0)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (
            {"train": "2024-02-01", "validation": "2024-03-09"},
            (
                "the test split has no bars; there are decisions from "
                "2024-01-21 to 2024-03-08, and 2 bars are left out between two splits. Change data.split.train"
            ),
        ),
        ({"train": "2023-02-01", "validation": "2024-03-01"}, "the train split has no bars"),
        ({"walk_forward": {"folds": 2}}, "remove walk_forward, combinatorial and validation_episodes"),
    ],
)
def test_a_split_without_news_is_refused(split: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        split_decisions(decisions_on(range(20, 68)), SplitConfig.model_validate(split), CONFIG)
    assert message in str(caught.value)


def test_a_split_whose_news_has_a_hole_is_refused() -> None:
    news = news_of([("AAA", START + day * DAY + HOUR, "a") for day in (*range(20, 50), *range(70, 80))])
    decisions = decisions_of(match_news(BARS, news), CONFIG)
    split = SplitConfig.model_validate({"train": "2024-02-20", "validation": "2024-03-05"})
    with pytest.raises(DataError, match="the validation split, from 2024-02-22 to 2024-03-04, has no news"):
        split_decisions(decisions, split, CONFIG)


def test_training_takes_the_latest_bars() -> None:
    assert training_span(Span(20, 50), DecisionConfig(max_env_steps=12)) == Span(38, 50)
    assert training_span(Span(20, 50), DecisionConfig(max_env_steps=99)) == Span(20, 50)
    assert training_span(Span(20, 50), CONFIG) == Span(20, 50)
