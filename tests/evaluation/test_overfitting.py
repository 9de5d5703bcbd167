import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.evaluation.block_bootstrap import block_length
from fxai.evaluation.overfitting import blocks_for, effective_trials, fewest_bars, overfitting
from fxai.evaluation.sharpe_tests import sharpe_ratios


def noise(trials: int = 200, bars: int = 1000, number: int = 0) -> np.ndarray:
    return np.random.default_rng(number).normal(size=(trials, bars))


def by_definition(returns: np.ndarray, blocks: int) -> float:
    """PBO of the paper, one half after the other."""
    parts = np.split(np.arange(returns.shape[1]), blocks)
    worse = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[block] for block in chosen])
        outside = np.setdiff1d(np.arange(returns.shape[1]), inside)
        best = sharpe_ratios(returns[:, inside]).argmax()
        ratios = sharpe_ratios(returns[:, outside])
        omega = (ratios <= ratios[best]).sum() / (len(returns) + 1)
        worse.append(math.log(omega / (1 - omega)) <= 0)
    return float(np.mean(worse))


@pytest.mark.parametrize(("trials", "number"), [(2, 1), (5, 2), (12, 3)])
def test_pbo_by_its_definition(trials: int, number: int):
    returns = noise(trials, 240, number)
    assert blocks_for(240) == 8
    assert overfitting(returns).probability == pytest.approx(by_definition(returns, 8))


def test_noise_has_a_pbo_of_about_a_half():
    """Published: 0.476 +- 0.137 over 60 matrices."""
    found = [overfitting(noise(number=number)) for number in range(8)]
    assert {(one.blocks, one.halves, one.trials) for one in found} == {(16, 12_870, 200)}
    assert np.mean([one.probability for one in found]) == pytest.approx(0.476, abs=3 * 0.137 / math.sqrt(8))


def test_a_planted_edge_has_a_small_pbo():
    returns = noise()
    returns[17] += 0.2
    assert overfitting(returns).probability < 0.01


def test_what_is_best_on_one_half_and_worst_on_the_other_has_a_pbo_of_one():
    returns = noise()
    assert overfitting(returns - returns.mean(axis=1, keepdims=True)).probability == 1


def test_trials_that_are_equal_are_no_better_than_each_other():
    assert overfitting(np.repeat(noise(1), 30, axis=0)).probability == 1  # the mean rank of ties: omega is 0.5
    assert overfitting(np.zeros((5, 1000))).probability == 1


def test_many_trials_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch):
    returns = noise(9, 300)
    whole = overfitting(returns)
    monkeypatch.setattr("fxai.evaluation.overfitting._VALUES_AT_ONCE", 100)
    monkeypatch.setattr("fxai.evaluation.row_parts._VALUES_AT_ONCE", 700)
    assert overfitting(returns) == whole
    assert effective_trials(returns) == pytest.approx(effective_trials(noise(9, 300)))


def test_returns_in_single_precision_give_the_same_figures():
    returns = noise(9, 300).astype(np.float32)
    assert overfitting(returns) == overfitting(returns.astype(np.float64))
    assert effective_trials(returns) == effective_trials(returns.astype(np.float64))


@pytest.mark.parametrize("shape", [(1, 1000), (0, 1000), (10, 150)])
def test_too_few_trials_or_bars_have_no_pbo(shape: tuple[int, int]):
    assert overfitting(np.ones(shape)) is None


@pytest.mark.parametrize(("bars", "blocks"), [(100, None), (240, 8), (400, 10), (1000, 16), (1221, 16), (6280, 16)])
def test_the_number_of_blocks(bars: int, blocks: int | None):
    assert blocks_for(bars) == blocks


def test_every_longer_span_has_enough_blocks():
    assert blocks_for(fewest_bars() - 1) is None
    assert None not in {blocks_for(bars) for bars in range(fewest_bars(), 5000)}


@given(st.integers(1, 20_000))
def test_blocks_are_even_in_number_and_long_enough(bars: int):
    blocks = blocks_for(bars)
    if blocks is None:
        assert bars < 250
        return
    assert blocks % 2 == 0
    assert 8 <= blocks <= 16
    assert bars // blocks >= 2 * block_length(bars)


def test_independent_trials_count_in_full_and_equal_ones_as_one():
    assert effective_trials(noise(50, 5000)) == pytest.approx(50, rel=0.02)
    assert effective_trials(np.repeat(noise(1), 50, axis=0)) == pytest.approx(1)
    assert effective_trials(noise(1)) == 1


def test_the_effective_number_follows_from_the_mean_correlation():
    returns = noise(20, 300) + noise(1, 300, number=1)
    correlations = np.corrcoef(returns)[np.triu_indices(20, 1)]
    assert effective_trials(returns) == pytest.approx(correlations.mean() + (1 - correlations.mean()) * 20)


def test_trials_that_never_trade_are_left_out():
    returns = noise(10, 400)
    idle = np.concatenate([returns, np.zeros((7, 400)), np.full((1, 400), 0.1 / 3)])
    assert effective_trials(idle) == pytest.approx(effective_trials(returns))
    assert effective_trials(np.zeros((7, 400))) is None


def test_a_negative_mean_correlation_counts_as_none():
    returns = noise(1, 400)
    assert effective_trials(np.concatenate([returns, -returns])) == 2
