"""Published vectors, to their digits; sources in the module's docstrings."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fxai.evaluation.sharpe_tests import (
    SharpeSample,
    deflated_sharpe,
    expected_maximum,
    minimum_backtest_years,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_ratios,
    sharpe_sample,
    sharpe_standard_error,
)
from fxai.market.scores.metrics import sharpe


def rounds_to(value: float, digits: int):
    """What equals the value once it is rounded to this number of decimals."""
    return pytest.approx(value, abs=0.5 * 10**-digits, rel=0)


def normal(annual_sharpe: float, bars_per_year: float, bars: int = 0) -> SharpeSample:
    return SharpeSample(annual_sharpe / math.sqrt(bars_per_year), 0, 3, bars)


@pytest.mark.parametrize(
    ("sample", "expected", "digits"),
    [
        (SharpeSample(0.458, 0, 3, 24), 0.982, 3),
        (SharpeSample(0.458, -2.448, 10.164, 24), 0.913, 3),
        (SharpeSample(1.585 / math.sqrt(12), -2.448, 10.164, 24), 0.9132343069, 10),
    ],
)
def test_psr(sample: SharpeSample, expected: float, digits: int):
    assert probabilistic_sharpe(sample) == rounds_to(expected, digits)


def test_dsr():
    best = SharpeSample(2.5 / math.sqrt(250), -3, 10, 1250)
    variance = 0.5 / 250
    assert math.sqrt(variance) * expected_maximum(100) == rounds_to(0.1132, 4)
    assert deflated_sharpe(best, variance, 100) == rounds_to(0.9003968344, 10)
    assert deflated_sharpe(best, variance, 46) == rounds_to(0.9505, 4)


@pytest.mark.parametrize(
    ("trials", "expected", "digits"), [(10, 1.574598, 6), (45, 2.235640, 6), (100, 2.5306028932, 10)]
)
def test_expected_maximum(trials: int, expected: float, digits: int):
    assert expected_maximum(trials) == rounds_to(expected, digits)


@pytest.mark.parametrize(
    ("sample", "error", "years"),
    [
        (SharpeSample(0.7079, -0.2250, 2.9570, 134), 0.1028, 0.7152),
        (SharpeSample(0.8183, -1.4455, 7.0497, 134), 0.1550, 1.1593),
    ],
)
def test_standard_error_and_minimum_track_record_of_monthly_returns(sample: SharpeSample, error: float, years: float):
    assert sharpe_standard_error(sample) == rounds_to(error, 4)
    assert minimum_track_record(sample) / 12 == rounds_to(years, 4)


@pytest.mark.parametrize(
    ("sample", "benchmark", "bars_per_year", "years"),
    [
        (normal(2, 250), 1, 250, 2.7311878),
        (normal(2, 52), 1, 52, 2.8288336),
        (SharpeSample(3 / math.sqrt(12), -0.72, 5.78, 0), 2.5, 12, 27.3529202),
    ],
)
def test_minimum_track_record(sample: SharpeSample, benchmark: float, bars_per_year: float, years: float):
    bars = minimum_track_record(sample, benchmark / math.sqrt(bars_per_year))
    assert bars / bars_per_year == rounds_to(years, 7)


def test_minimum_backtest_length():
    assert minimum_backtest_years(45, 1) == rounds_to(4.998087, 6)
    assert minimum_backtest_years(45, 2) == pytest.approx(4.998087 / 4, rel=1e-6)


def test_one_trial_has_no_luck_to_deflate():
    best = SharpeSample(0.1, -0.5, 5, 500)
    assert expected_maximum(1) == 0
    assert deflated_sharpe(best, 0.01, 1) == probabilistic_sharpe(best)
    assert minimum_backtest_years(1, 2.0) == 0
    with pytest.raises(ValueError, match="0 trials"):
        expected_maximum(0)


@given(st.floats(1, 1e6), st.floats(1, 100))
def test_the_expected_maximum_grows_with_the_trials(trials: float, more: float):
    assert 0 <= expected_maximum(trials) <= expected_maximum(trials + more)


def test_the_expected_maximum_is_that_of_draws():
    draws = np.random.default_rng(0).normal(size=(20_000, 100)).max(axis=1)
    assert expected_maximum(100) == pytest.approx(draws.mean(), abs=0.03)


@given(st.integers(2, 50), st.integers(0, 1000))
def test_the_minimum_track_record_is_where_the_psr_reaches_the_confidence(bars: int, seed: int):
    sample = sharpe_sample(np.random.default_rng(seed).normal(loc=0.3, size=bars))
    assert sample is not None
    needed = minimum_track_record(sample, 0.01)
    if needed is None:
        assert sample.sharpe <= 0.01
        return
    assert probabilistic_sharpe(replace(sample, bars=math.ceil(needed)), 0.01) >= 0.95


def test_undefined_figures_are_none():
    losing = SharpeSample(-0.1, 0, 3, 500)
    assert minimum_track_record(losing) is None
    assert minimum_track_record(SharpeSample(0.1, 0, 3, 500), 0.1) is None
    assert minimum_backtest_years(10, 0.0) is None
    assert sharpe_standard_error(SharpeSample(0.1, 0, 3, 1)) is None
    assert probabilistic_sharpe(SharpeSample(0.1, 0, 3, 1)) is None
    impossible = SharpeSample(1, 5, 3, 100)
    assert sharpe_standard_error(impossible) is minimum_track_record(impossible) is None


@pytest.mark.parametrize("returns", [np.array([]), np.array([0.1]), np.zeros(50), np.full(50, 0.1 / 3)])
def test_returns_that_do_not_vary_have_no_sample(returns: np.ndarray):
    assert sharpe_sample(returns) is None


def test_moments_are_those_of_scipy():
    returns = np.random.default_rng(1).gamma(2, size=300) - 1.9
    sample = sharpe_sample(returns)
    assert sample.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert sample.skewness == pytest.approx(stats.skew(returns))
    assert sample.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))
    assert sample.bars == 300


def test_the_standard_error_is_that_of_samples():
    ratios = sharpe_ratios(np.random.default_rng(2).gamma(4, size=(20_000, 250)) - 3.5)
    whole = sharpe_sample(np.random.default_rng(3).gamma(4, size=200_000) - 3.5)
    expected = sharpe_standard_error(SharpeSample(whole.sharpe, whole.skewness, whole.kurtosis, 250))
    assert ratios.std() == pytest.approx(expected, rel=0.03)


def test_ratios_of_rows_are_those_of_the_reports():
    returns = np.random.default_rng(4).normal(loc=0.1, size=(2, 3, 60))
    returns[0, 1] = 0
    returns[1, 2] = 0.1 / 3
    expected = [[sharpe(row, 1.0) for row in rows] for rows in returns]
    assert sharpe_ratios(returns) == pytest.approx(np.array(expected))
