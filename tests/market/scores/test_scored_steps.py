"""The influence of each bar on each score, against the scores themselves and a bootstrap over bars."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fxai.evaluation.block_bootstrap import block_length, variance_of_mean
from fxai.market.scores.metrics import Performance
from fxai.market.scores.scored_steps import ScoredSteps

YEAR = 6280.0
METRICS = [field.name for field in fields(Performance)]


def steps(returns: np.ndarray, chance: np.random.Generator) -> ScoredSteps:
    closed = (chance.random(len(returns)) < 0.2).astype(float)
    won = closed * (chance.random(len(returns)) < 0.6)
    return ScoredSteps(returns * 100, returns, chance.random(len(returns)), closed, won)


@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-0.2, 0.2)), st.integers(0, 9))
def test_mean_of_the_influences_is_the_metric(returns: np.ndarray, seed: int):
    scored = steps(returns, np.random.default_rng(seed))
    metrics = scored.performance(YEAR).as_metrics()
    influences = scored.influences(YEAR)
    assert list(influences) == METRICS
    for name, influence in influences.items():
        assert np.isfinite(influence).all()
        scale = max(abs(metrics[name]), float(np.abs(influence).max()), 1.0)
        assert influence.mean() == pytest.approx(metrics[name], abs=1e-6 * scale)


@pytest.mark.parametrize("name", METRICS)
def test_error_of_the_influences_is_that_of_a_bootstrap(name: str):
    """The bootstrap resamples blocks of bars and computes each metric again."""
    chance = np.random.default_rng(3)
    scored = steps(chance.normal(2e-5, 1e-3, 1200), chance)
    influence = scored.influences(YEAR)[name]
    starts = chance.integers(1200, size=(600, 1200 // block_length(1200)))
    values = [
        getattr(_at(scored, (row[:, None] + np.arange(block_length(1200))).ravel() % 1200).performance(YEAR), name)
        for row in starts
    ]
    bars = 1200 // block_length(1200) * block_length(1200)
    wanted = float(np.std(values)) * np.sqrt(bars / 1200)
    error = float(np.sqrt(variance_of_mean(influence)))
    if name in {"max_drawdown", "romad"}:  # in a replicate another fall may be the largest
        assert 0.7 * wanted < error < 2 * wanted
    else:
        assert error == pytest.approx(wanted, rel=0.15)


def test_influences_of_a_total_loss_are_finite():
    influences = steps(np.array([0.1, -1.5, 3.0]), np.random.default_rng(0)).influences(YEAR)
    assert all(np.isfinite(influence).all() for influence in influences.values())
    assert not (influences["total_return"] + 1).any()


def test_a_flat_run_has_no_error():
    zeros = np.zeros(60)
    for influence in ScoredSteps(zeros, zeros, zeros, zeros, zeros).influences(YEAR).values():
        assert not influence.any()


def _at(scored: ScoredSteps, bars: np.ndarray) -> ScoredSteps:
    return ScoredSteps(*(getattr(scored, field.name)[bars] for field in fields(ScoredSteps)))
