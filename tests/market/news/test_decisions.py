"""What decisions read, and their returns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.news.decisions import decisions_of
from fxai.market.news.news_market import match_news
from fxai.market.splits.splits import Span
from fxai.spec.fields.decision_config import DecisionConfig
from market.news.small_news import DAY, HOUR, START, bars_of, news_of

BARS = {"AAA": bars_of("AAA", [10, 11, 12, 11, 13, 12]), "BBB": bars_of("BBB", [5, 5, 6, 7, 8, 9], START + DAY)}
MOMENTS = st.integers(-12, 8 * 24).map(lambda hours: START + hours * HOUR)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["AAA", "BBB"]), MOMENTS), min_size=1, max_size=12),
    moved=MOMENTS,
    window=st.integers(1, 3),
    limit=st.integers(1, 3),
)
def test_a_decision_reads_the_latest_news_before_it_and_no_other(
    rows: list[tuple[str, np.datetime64]], moved: np.datetime64, window: int, limit: int
) -> None:
    first = ("AAA", START + HOUR, "0")
    of_rows = [(name, moment, str(place + 1)) for place, (name, moment) in enumerate(rows)]
    of_rows[-1] = (of_rows[-1][0], moved, of_rows[-1][2])  # a publication at any side of any decision
    news = news_of([first, *of_rows])
    config = DecisionConfig(news_bars=window, max_headlines=limit)
    found = {(each.instrument, each.time): each.titles for each in decisions_of(match_news(BARS, news), config)}
    order = sorted([first, *of_rows], key=lambda row: row[1])
    for name, bars in BARS.items():
        for row in range(len(bars) - 1):
            time = bars.time[row] + DAY
            start = bars.time[row] + DAY - window * DAY if row >= window else bars.time[0]
            titles = [title for own, moment, title in order if own == name and start <= moment < time]
            assert found.pop((name, time), ()) == tuple(titles[-limit:])
    assert not found


def test_decisions_are_in_the_order_of_time_and_know_their_bar() -> None:
    news = news_of([("BBB", START + DAY + HOUR, "b"), ("AAA", START + HOUR, "a"), ("AAA", START + 2 * DAY - HOUR, "c")])
    found = list(decisions_of(match_news(BARS, news), DecisionConfig()))
    assert [(each.instrument, each.row, each.titles) for each in found] == [
        ("AAA", 0, ("a",)),
        ("AAA", 1, ("c",)),
        ("BBB", 0, ("b",)),
    ]
    assert found[1].time == found[2].time == START + 2 * DAY


def test_returns_begin_at_the_fill_and_are_known_within_the_span_only() -> None:
    news = news_of([("AAA", START + day * DAY + HOUR, str(day)) for day in range(5)])
    decisions = decisions_of(match_news(BARS, news), DecisionConfig())
    span = Span(1, 5)
    own = decisions.within(span)
    assert own.row.tolist() == [1, 2, 3]
    # The bars open at the close before, so the fill after row 1 is at 11.
    np.testing.assert_allclose(own.returns(2, span), [11 / 11 - 1, 13 / 12 - 1, np.nan])
    np.testing.assert_allclose(own.cut_returns(2, span), [11 / 11 - 1, 13 / 12 - 1, 13 / 11 - 1])
    np.testing.assert_allclose(own.returns(1, span), [12 / 11 - 1, 11 / 12 - 1, 13 / 11 - 1])


@pytest.mark.parametrize("changed", [5, 6])
def test_a_price_after_the_span_changes_no_return(changed: int) -> None:
    news = news_of([("AAA", START + day * DAY + HOUR, str(day)) for day in range(5)])
    span = Span(0, 5)
    closes = [10.0, 11, 12, 11, 13, 12, 14]
    results = []
    for factor in (1.0, 3.0):
        other = [close * (factor if place >= changed else 1.0) for place, close in enumerate(closes)]
        own = decisions_of(match_news({"AAA": bars_of("AAA", other)}, news), DecisionConfig()).within(span)
        results.append([*own.returns(3, span), *own.cut_returns(3, span)])
    np.testing.assert_array_equal(results[0], results[1])
