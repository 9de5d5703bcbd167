import math

import numpy as np
import pytest
from scipy import stats

from fxai.evaluation.block_bootstrap import variance_of_mean
from fxai.evaluation.whole_error import (
    MINIMUM_BARS,
    Estimate,
    WholeError,
    estimate,
    estimate_difference,
    estimate_from_seeds,
    estimate_over_folds,
)
from simulated_returns import CORRELATIONS, SEED_SHARES, simulated_returns


def sharpe(rows: np.ndarray) -> np.ndarray:
    ratios: np.ndarray = rows.mean(axis=-1) / rows.std(axis=-1, ddof=1)
    return ratios


def returns_of(seeds: int = 8, bars: int = 1221, number: int = 0) -> np.ndarray:
    returns: np.ndarray = simulated_returns(
        np.random.default_rng(number), 1, seeds, bars, correlation=0.4, seed_share=0.4
    )[0]
    return returns


@pytest.mark.parametrize("seeds", [8, 16])
@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("seed_share", SEED_SHARES)
def test_intervals_cover_the_expected_value(seeds: int, correlation: float, seed_share: float):
    """400 intervals: three standard errors of the share are 3.3 percent. The benchmark measures it exactly."""
    samples = simulated_returns(
        np.random.default_rng(seeds), 400, seeds, 1221, correlation=correlation, seed_share=seed_share
    )
    intervals = [interval for sample in samples if (interval := estimate(sample).interval()) is not None]
    assert len(intervals) == 400
    assert np.mean([low <= 0 <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.033)


def test_parts_of_the_error_of_a_mean():
    returns = returns_of()
    means = returns.mean(axis=1)
    found = estimate(returns)
    seeds, market = means.var(ddof=1) / 8, float(variance_of_mean(returns.mean(axis=0)))
    interaction = float(variance_of_mean(returns - returns.mean(axis=0)).sum()) / 56
    assert found.value == pytest.approx(returns.mean())
    assert found.error.seed == pytest.approx(math.sqrt(seeds))
    assert found.error.market == pytest.approx(math.sqrt(market))
    assert found.error.total == pytest.approx(math.sqrt(seeds + market - interaction))


def test_the_error_of_a_mean_by_replicates_is_the_exact_one():
    returns = returns_of()
    exact = estimate(returns).error
    error = estimate(returns, lambda rows: rows.mean(axis=-1), replicates=8000).error
    assert error.seed == pytest.approx(exact.seed)
    assert error.market == pytest.approx(exact.market, rel=0.04)
    assert error.total == pytest.approx(exact.total, rel=0.04)


def test_the_error_of_a_sharpe_ratio_follows_its_formula():
    """Normal independent returns: sqrt((1 + SR^2 / 2) / T), Lo (2002), The Statistics of Sharpe Ratios, equation 9."""
    returns = np.random.default_rng(2).normal(loc=0.5, size=(1, 4000))
    found = estimate(returns, sharpe)
    assert found.error.seed is None
    assert found.error.market == found.error.total == pytest.approx(math.sqrt((1 + 0.125) / 4000), rel=0.15)


def test_the_seed_of_the_bootstrap_decides():
    returns = returns_of(bars=300)
    assert estimate(returns, sharpe, seed=1, replicates=100) == estimate(returns, sharpe, seed=1, replicates=100)
    assert estimate(returns, sharpe, seed=1, replicates=100) != estimate(returns, sharpe, seed=2, replicates=100)


def test_bounds_are_students():
    found = Estimate(1.0, WholeError(seed=0.3, market=0.4, total=0.5), degrees_of_freedom=7)
    assert found.lower_bound() == pytest.approx(1 - 0.5 * 1.8946, abs=1e-4)
    assert found.upper_bound() == pytest.approx(1 + 0.5 * 1.8946, abs=1e-4)
    assert found.interval() == pytest.approx((1 - 0.5 * 2.3646, 1 + 0.5 * 2.3646), abs=1e-4)
    assert found.upper_bound(0.9) == pytest.approx(1 + 0.5 * float(stats.t.ppf(0.9, 7)))


def test_one_seed_has_the_markets_error():
    returns = returns_of(seeds=1)
    found = estimate(returns)
    assert found.error.seed is None
    assert found.error.total == found.error.market == pytest.approx(math.sqrt(float(variance_of_mean(returns)[0])))


def test_seeds_without_bars_have_their_error_alone():
    found = estimate_from_seeds([1.0, 2.0, 4.0])
    assert found.value == pytest.approx(7 / 3)
    assert found.error.market is None
    assert found.error.seed == found.error.total == pytest.approx(stats.sem([1.0, 2.0, 4.0]))
    assert found.degrees_of_freedom == pytest.approx(2)
    assert found.interval() == pytest.approx(stats.t.interval(0.95, 2, found.value, found.error.total))


def test_one_seed_without_bars_has_no_error():
    found = estimate_from_seeds([1.0])
    assert found.error == WholeError(seed=None, market=None, total=None)
    assert (found.lower_bound(), found.upper_bound(), found.interval()) == (None, None, None)


def test_too_few_bars_give_no_total_error():
    returns = returns_of(bars=MINIMUM_BARS - 1)
    found = estimate(returns)
    assert found.error.seed is not None
    assert (found.error.market, found.error.total, found.interval()) == (None, None, None)
    assert estimate(returns_of(bars=MINIMUM_BARS)).interval() is not None


def test_an_agent_that_never_trades_has_no_error():
    found = estimate(np.zeros((4, 500)))
    assert found.error == WholeError(seed=0, market=0, total=0)
    assert found.interval() == (0, 0)


def test_what_the_market_does_to_both_cancels_in_a_difference():
    market = np.random.default_rng(1).normal(size=1221)
    first, second = returns_of(8) * 0.1 + market, returns_of(6, number=1) * 0.1 + market
    found = estimate_difference(first, second)
    assert found.value == pytest.approx(first.mean() - second.mean())
    assert found.error.market < estimate(first).error.market / 2
    seeds = first.mean(axis=1).var(ddof=1) / 8 + second.mean(axis=1).var(ddof=1) / 6
    assert found.error.seed == pytest.approx(math.sqrt(seeds))


def test_a_difference_to_a_strategy_without_seeds():
    first = returns_of()
    assert estimate_difference(first, np.zeros((1, 1221))) == estimate(first)


def test_differences_of_metrics_use_the_same_bars():
    returns = returns_of()
    same = estimate_difference(returns, returns, sharpe, replicates=50)
    assert same.value == same.error.market == 0


def test_intervals_of_differences_cover_the_expected_value():
    rng = np.random.default_rng(9)
    first = simulated_returns(rng, 400, 8, 400, correlation=0.5, seed_share=0.3)
    second = simulated_returns(rng, 400, 4, 400, correlation=0.5, seed_share=0.3) + first.mean(axis=1, keepdims=True)
    intervals = [estimate_difference(*pair).interval() for pair in zip(first, second, strict=True)]
    share = np.mean([interval is not None and interval[0] <= 0 <= interval[1] for interval in intervals])
    assert share >= 0.917


def test_the_variances_of_folds_add_up():
    folds = [returns_of(number=1), returns_of(number=2, bars=800), returns_of(number=3)]
    found, each = estimate_over_folds(folds), [estimate(fold) for fold in folds]
    assert found.value == pytest.approx(np.mean([one.value for one in each]))
    for part in ("seed", "market", "total"):
        squares = sum(getattr(one.error, part) ** 2 for one in each)
        assert getattr(found.error, part) == pytest.approx(math.sqrt(squares) / 3)
    assert found.degrees_of_freedom > 2 * min(one.degrees_of_freedom for one in each)


def test_one_fold_is_the_whole():
    assert estimate_over_folds([returns_of()], sharpe, replicates=50) == estimate(returns_of(), sharpe, replicates=50)


def test_a_fold_of_too_few_bars_gives_no_total_error():
    found = estimate_over_folds([returns_of(), returns_of(bars=MINIMUM_BARS - 1)])
    assert (found.error.market, found.error.total) == (None, None)
    assert found.error.seed is not None
