"""Scores on several instruments: means over the instruments, errors over common dates."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.evaluation.score_errors import score_errors
from fxai.market.scores.instrument_scores import InstrumentBars, InstrumentScores
from fxai.market.scores.scored_steps import SCORES, ScoredSteps, SpanScore

HOURS = np.datetime64("2024-01-01", "ns") + np.arange(600) * np.timedelta64(1, "h")


def steps(seed: int, bars: int, shift: float = 0.0) -> ScoredSteps:
    rng = np.random.default_rng(seed)
    returns = rng.normal(2e-4 + shift, 1e-3, bars)
    closed = (rng.random(bars) < 0.1).astype(float)
    return ScoredSteps(100 * returns, returns, rng.random(bars), closed, closed * (rng.random(bars) < 0.6))


def joined(each: Sequence[ScoredSteps]) -> ScoredSteps:
    names = ("rewards", "returns", "turnover", "closed", "won")
    return ScoredSteps(*(np.concatenate([getattr(of_one, name) for of_one in each]) for name in names))


def bars_at(*places: np.ndarray, per_year: Sequence[float] = ()) -> InstrumentBars:
    names = tuple("ABCDE"[: len(places)])
    rates = tuple(per_year) or (6280.0,) * len(places)
    return InstrumentBars(names, tuple(map(len, places)), rates, np.concatenate([HOURS[each] for each in places]))


def scores_of(each: Sequence[ScoredSteps], bars: InstrumentBars, parts: int = 1) -> InstrumentScores:
    lengths = [len(of_one) // parts for of_one in each for _ in range(parts)]
    return InstrumentScores.of(joined(each), lengths, bars)


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(8, 60), min_size=1, max_size=4), seed=st.integers(0, 99), parts=st.integers(1, 2))
def test_each_metric_is_the_mean_over_instruments_and_over_the_influences(
    counts: list[int], seed: int, parts: int
) -> None:
    rng = np.random.default_rng(seed)
    places = [np.sort(rng.choice(100, count // 2 * 2, replace=False)) for count in counts]
    per_year = [1000.0 * (1 + place) for place in range(len(counts))]
    each = [steps(seed + place, len(of_one)) for place, of_one in enumerate(places)]
    alone = [
        SpanScore.of(of_one, rate, [len(of_one) // parts] * parts) for of_one, rate in zip(each, per_year, strict=True)
    ]
    found = scores_of(each, bars_at(*places, per_year=per_year), parts)
    influences = found.influences()
    for name in SCORES:
        assert found.metrics[name] == pytest.approx(fmean(score.metrics[name] for score in alone), abs=1e-12)
        assert influences[name].mean() == pytest.approx(found.metrics[name], rel=1e-9, abs=1e-9), name


def test_one_instrument_has_the_influences_of_its_market_to_the_bit() -> None:
    of_one = steps(1, 300)
    alone, found = SpanScore.of(of_one, 6280.0), scores_of([of_one], bars_at(np.arange(300)))
    for name in SCORES:
        np.testing.assert_array_equal(found.influences()[name], alone.influences()[name])


def error(score: SpanScore | InstrumentScores, name: str) -> float:
    total = score_errors([score], [score.metrics])[name].total
    assert total is not None
    return total


@pytest.mark.parametrize("name", ["mean_reward", "sharpe", "total_return"])
def test_instruments_that_move_together_give_no_smaller_error(name: str) -> None:
    of_one, places = steps(3, 600), np.arange(600)
    alone = SpanScore.of(of_one, 6280.0)
    together = scores_of([of_one] * 4, bars_at(*[places] * 4))
    assert error(together, name) == pytest.approx(error(alone, name), rel=1e-9)


def test_independent_instruments_give_a_smaller_error() -> None:
    places = np.arange(600)
    alone = SpanScore.of(steps(0, 600), 6280.0)
    together = scores_of([steps(seed, 600) for seed in range(4)], bars_at(*[places] * 4))
    assert error(together, "mean_reward") == pytest.approx(error(alone, "mean_reward") / 2, rel=0.3)


def test_instruments_on_other_dates_are_independent() -> None:
    of_one = steps(0, 300)
    alone = SpanScore.of(of_one, 6280.0)
    apart = scores_of([of_one, of_one], bars_at(np.arange(300), np.arange(300, 600)))
    assert error(apart, "mean_reward") == pytest.approx(error(alone, "mean_reward") / np.sqrt(2), rel=0.05)


def test_the_portfolio_is_the_mean_on_each_date_and_0_without_a_bar() -> None:
    bars = bars_at(np.array([0, 1, 3]), np.array([1, 2]))
    found = bars.portfolio(np.array([[1.0, 2.0, 3.0, 10.0, 20.0]]))
    np.testing.assert_array_equal(bars.dates(), HOURS[:4])
    np.testing.assert_array_equal(found, [[0.5, 6.0, 10.0, 1.5]])
