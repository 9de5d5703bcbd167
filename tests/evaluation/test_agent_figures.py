"""The figures that describe a committee."""

import math

import numpy as np
import pytest

from evaluation.test_verdict import committee
from fxai.evaluation.agent_figures import BoundedFigure, agent_figures, annual_sharpe, total_return
from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.market.scores.metrics import performance


def test_the_figures_are_those_of_the_committees_returns() -> None:
    agent = committee(0.0001, seed=2)
    found = agent_figures(agent, 6000.0, 0.95)
    expected = performance(agent.committee, 0, 0, 0.0, 6000.0)
    assert found.total_return == pytest.approx(expected.total_return)
    assert found.sharpe.value == pytest.approx(expected.sharpe)
    assert found.sharpe.lower is not None
    assert found.sharpe.upper is not None
    assert found.sharpe.lower < expected.sharpe < found.sharpe.upper


def test_the_minimum_track_record_is_shorter_than_one_that_suffices() -> None:
    """The probability is above the confidence exactly if the track record has the minimum length."""
    for seed in range(20):
        found = agent_figures(committee(0.00005, seed=seed), 6000.0, 0.95)
        assert found.probabilistic_sharpe is not None
        if found.minimum_bars is None:
            assert found.probabilistic_sharpe <= 0.5
        else:
            assert (found.probabilistic_sharpe > 0.95) == (found.minimum_bars < 1000)


def test_the_interquartile_mean_is_over_members() -> None:
    members = np.repeat([[0.0], [0.1], [0.2], [9.0]], 100, axis=1)
    found = agent_figures(CommitteeReturns(members.mean(axis=0), members), 6000.0, 0.95)
    assert found.interquartile_mean_return == pytest.approx(0.15)


def test_an_agent_that_never_trades_has_no_ratios() -> None:
    found = agent_figures(CommitteeReturns(np.zeros(100), np.zeros((4, 100))), 6000.0, 0.95)
    assert found.sharpe == BoundedFigure(None, None, None)
    assert found.probabilistic_sharpe is found.minimum_bars is None
    assert found.total_return == found.interquartile_mean_return == 0


def test_equity_never_falls_below_zero() -> None:
    assert total_return(np.array([0.5, -1.2, 3.0])) == -1
    assert annual_sharpe(np.full(10, 0.1), 6000.0) is None
    assert annual_sharpe(np.array([0.0, 1.0]), 4.0) == pytest.approx(0.5 / math.sqrt(0.5) * 2)
