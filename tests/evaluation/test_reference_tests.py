import numpy as np
import pytest

from evaluation.arch_tests import arch_tests
from fxai.evaluation import reference_tests as module
from fxai.evaluation.block_bootstrap import block_length
from fxai.evaluation.reference_tests import ReferenceTests, reference_tests
from fxai.evaluation.superior_ability import SuperiorAbility

FLAT = np.zeros(300)


def results(found: ReferenceTests | None) -> SuperiorAbility:
    assert found is not None
    return SuperiorAbility(found.p_value, found.p_value_lower, found.p_value_upper, found.better)


def noise(trials: int = 12, number: int = 0) -> np.ndarray:
    return np.random.default_rng(number).normal(size=(trials, 300))


@pytest.mark.parametrize("bars", [50, 300, 1221])
def test_the_tests_are_those_of_arch(bars: int):
    rng = np.random.default_rng(bars)
    returns, benchmark = rng.normal(size=(12, bars)).astype(np.float32), rng.normal(size=bars) * 0.3
    returns[[0, 4]] += 0.3
    found = reference_tests(returns, benchmark, seed=7, error_rate=0.1, replicates=500)
    assert results(found) == arch_tests(returns - benchmark, block_length(bars), seed=7, error_rate=0.1, replicates=500)
    assert (found.error_rate, found.trials, found.replicates, found.grouped_bars) == (0.1, 12, 500, 1)


def test_the_tests_of_many_trials_are_those_of_arch_on_the_means_of_bars(monkeypatch: pytest.MonkeyPatch):
    returns = noise()
    returns[3] += 0.3
    monkeypatch.setattr(module, "_MOST_VALUES", 1000)
    found = reference_tests(returns, FLAT, seed=0)
    means = returns.reshape(12, 75, 4).mean(axis=2)
    assert results(found) == arch_tests(means, 4, seed=0, error_rate=0.05, replicates=1000)
    assert found.grouped_bars == 4  # of a block of 15 bars


def test_many_trials_are_tested_on_means_of_a_few_bars(monkeypatch: pytest.MonkeyPatch):
    """Fewer replicates and groups of bars change the result only by the error of the bootstrap."""
    returns = np.random.default_rng(3).normal(size=(60, 1000)) + 0.02
    returns[17] += 0.15
    alone = reference_tests(returns, np.zeros(1000), seed=0)
    monkeypatch.setattr(module, "_MOST_VALUES", 20_000)
    monkeypatch.setattr(module, "_MOST_REPLICATED_MEANS", 30_000)
    many = reference_tests(returns, np.zeros(1000), seed=0)
    assert (alone.grouped_bars, alone.replicates) == (1, 1000)
    assert (many.grouped_bars, many.replicates) == (3, 500)
    assert many.better == alone.better == (17,)
    without = np.delete(returns, 17, axis=0)
    many = reference_tests(without, np.zeros(1000), seed=0)
    monkeypatch.undo()
    alone = reference_tests(without, np.zeros(1000), seed=0)
    assert many.p_value == pytest.approx(alone.p_value, abs=0.1)


def test_a_group_of_bars_is_at_most_a_third_of_a_block(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_MOST_VALUES", 1)
    found = reference_tests(noise(), FLAT, seed=0)
    assert found.grouped_bars == 5  # of a block of 15 bars


def test_planted_edges_are_found():
    returns = noise()
    returns[[2, 5]] += 0.4
    found = reference_tests(returns, FLAT, seed=0)
    assert found.p_value == 0
    assert found.better == (2, 5)


def test_noise_is_seldom_better():
    """The expected share is 5 percent; that of 40 is at most 15 percent in 997 of 1,000 cases."""
    found = [reference_tests(noise(number=number), FLAT, seed=number, replicates=200) for number in range(40)]
    assert np.mean([bool(one.better) for one in found]) <= 0.15
    assert np.mean([one.p_value for one in found]) == pytest.approx(0.5, abs=0.2)


def test_trials_that_lose_are_not_better():
    found = reference_tests(noise() - 1, FLAT, seed=0)
    assert found.better == ()
    assert found.p_value > 0.5


def test_all_trials_can_be_better():
    """In two steps."""
    returns = noise(2)
    returns[0] = 3 * (returns[0] - returns[0].mean()) + 1.0
    returns[1] = 0.1 * (returns[1] - returns[1].mean()) + 0.1
    assert reference_tests(returns, FLAT, seed=0).better == (0, 1)


@pytest.mark.parametrize("returns", [np.zeros((0, 300)), np.zeros((4, 300)), np.ones((4, 49))])
def test_no_trials_no_differences_and_too_few_bars_give_no_tests(returns: np.ndarray):
    assert reference_tests(returns, np.zeros(returns.shape[1]), seed=0) is None
