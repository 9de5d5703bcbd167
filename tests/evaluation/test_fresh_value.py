"""The error of a value over fresh seeds."""

import numpy as np
import pytest

from fxai.evaluation.fresh_value import fresh_error
from fxai.evaluation.whole_error import estimate
from fxai.market.scores.bar_returns import BarReturns
from fxai.market.scores.metrics import sharpe
from fxai.market.splits.splits import Span

YEAR = 6280.0
RETURNS = np.random.default_rng(0).normal(1e-5, 1e-3, (4, 300)).astype(np.float32)
WINDOWS = ((Span(700, 1000),),)
AGENTS = [BarReturns(5, (seed,), row[None], 100 * row[None], windows=WINDOWS) for seed, row in enumerate(RETURNS)]


def test_a_value_of_rewards_has_the_error_of_the_rewards() -> None:
    rewards = 100 * RETURNS.astype(np.float64)
    found = fresh_error(rewards.mean(axis=1).tolist(), AGENTS, "mean_reward", YEAR)
    expected = estimate(rewards).error
    assert found.total == pytest.approx(expected.total, rel=1e-5)
    assert found.seed == pytest.approx(expected.seed, rel=1e-5)


def test_a_sharpe_ratio_has_the_error_of_seeds_and_market() -> None:
    values = [sharpe(row.astype(np.float64), YEAR) for row in RETURNS]
    found = fresh_error(values, AGENTS, "sharpe", YEAR)
    assert found.seed == pytest.approx(np.std(values, ddof=1) / 2, rel=1e-4)
    assert found.total is not None
    assert found.market is not None
    assert found.total >= max(found.seed or 0.0, found.market)


@pytest.mark.parametrize("metric", ["win_rate", "score", "turnover"])
def test_another_metric_has_the_error_of_the_seeds_alone(metric: str) -> None:
    found = fresh_error([1.0, 2.0, 4.0, 5.0], AGENTS, metric, YEAR)
    assert (found.market, found.total) == (None, found.seed)
    assert found.seed == pytest.approx(np.std([1.0, 2.0, 4.0, 5.0], ddof=1) / 2)


def test_missing_returns_leave_the_error_of_the_seeds() -> None:
    found = fresh_error([1.0, 2.0, 4.0, 5.0], AGENTS[:3], "sharpe", YEAR)
    assert found.market is None
    assert found.seed is not None


def test_one_value_without_returns_has_no_error() -> None:
    found = fresh_error([1.0], [], "win_rate", YEAR)
    assert (found.seed, found.market, found.total) == (None, None, None)
