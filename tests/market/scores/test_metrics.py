import empyrical
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fxai.market.scores.metrics import RATIO_LIMIT, max_drawdown, performance, sharpe, sortino

YEAR = 6280.0
NONE = np.array([])


@pytest.mark.parametrize("seed", range(5))
def test_figures_agree_with_empyrical(seed: int):
    returns = np.random.default_rng(seed).normal(loc=2e-5, scale=1e-3, size=2000)
    figures = performance(returns, 0, 0, turnover=0.0, bars_per_year=YEAR)
    assert figures.total_return == pytest.approx(empyrical.cum_returns_final(returns))
    assert figures.sharpe == pytest.approx(empyrical.sharpe_ratio(returns, annualization=YEAR))
    assert figures.sortino == pytest.approx(empyrical.sortino_ratio(returns, annualization=YEAR))
    assert figures.max_drawdown == pytest.approx(-empyrical.max_drawdown(returns))
    assert figures.romad == pytest.approx(figures.total_return / figures.max_drawdown)


def test_trades_and_turnover():
    figures = performance(np.full(3140, 1e-5), trades=4, won=2, turnover=8.0, bars_per_year=YEAR)
    assert (figures.trades, figures.win_rate) == (4, 0.5)
    assert figures.turnover == pytest.approx(16.0)  # half a year


@pytest.mark.parametrize("returns", [NONE, np.zeros(1), np.zeros(50)])
def test_a_flat_run_is_zero_throughout(returns: np.ndarray):
    metrics = performance(returns, 0, 0, turnover=0.0, bars_per_year=YEAR).as_metrics()
    assert metrics == dict.fromkeys(
        ["total_return", "sharpe", "sortino", "max_drawdown", "romad", "win_rate", "turnover", "trades"], 0.0
    )


def test_ratios_without_risk_are_defined():
    gain = np.full(100, 0.1 / 3)
    assert sharpe(gain, YEAR) == 0
    assert sortino(gain, YEAR) == RATIO_LIMIT
    assert performance(gain, 0, 0, 0.0, YEAR).romad == RATIO_LIMIT


def test_a_part_without_a_loss_does_not_decide_the_mean_over_parts():
    quiet = np.zeros(100)
    quiet[[10, 50]] = 0.001  # two gains and no loss
    lossless = performance(quiet, 0, 0, 0.0, YEAR)
    assert lossless.romad == pytest.approx(2.0, rel=0.01)
    assert lossless.sortino == pytest.approx(0.2 * np.sqrt(YEAR))  # as with one loss of 0.001


def test_floors_of_risk_leave_runs_with_losses_as_they_are():
    returns = np.array([0.002, -0.002, 0.001, -0.001, 0.003])
    assert sortino(returns, 1.0) == pytest.approx(returns.mean() / np.sqrt(5e-6 / 5))


def test_drawdown_counts_from_the_start():
    assert max_drawdown(np.array([-0.1, 0.05])) == pytest.approx(0.1)


def test_a_lost_account_stays_lost():
    figures = performance(np.array([0.1, -1.5, 3.0]), 0, 0, 0.0, YEAR)
    assert (figures.total_return, figures.max_drawdown) == (-1.0, 1.0)


@given(arrays(np.float64, st.integers(0, 30), elements=st.floats(-2, 2)))
def test_every_figure_is_finite(returns: np.ndarray):
    figures = performance(returns, 0, 0, 0.0, YEAR)
    assert np.isfinite(list(figures.as_metrics().values())).all()
    assert 0 <= figures.max_drawdown <= 1
    assert figures.total_return >= -1
