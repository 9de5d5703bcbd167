"""Hansen's SPA and StepM, compared with those of the package arch."""

import numpy as np
import pytest
from arch.bootstrap import StepM
from hypothesis import given
from hypothesis import strategies as st

from evaluation.arch_tests import arch_spa, arch_tests
from fxai.evaluation.superior_ability import _long_run_variances, _thresholds, superior_ability


def noise(trials: int, bars: int, seed: int = 0) -> np.ndarray:
    """Differences that depend on those of the bar before."""
    independent = np.random.default_rng(seed).standard_t(5, size=(trials, bars + 1))
    return independent[:, 1:] + 0.4 * independent[:, :-1]


def compare_with_arch(differences: np.ndarray, length: int, *, seed: int, error_rate: float = 0.1) -> None:
    found, expected = [
        tests(differences, length, seed=seed, replicates=200, error_rate=error_rate)
        for tests in (superior_ability, arch_tests)
    ]
    assert found == expected


@given(
    trials=st.integers(1, 40),
    bars=st.integers(16, 300),
    blocks=st.floats(1, 40),
    seed=st.integers(0, 2**32),
    error_rate=st.sampled_from([0.01, 0.05, 0.1, 0.5]),
    shifts=st.lists(st.sampled_from([0.5, 2.0, -0.5, -1.0, -1.5, -2.0, -30.0]), max_size=10),
)
def test_the_tests_are_those_of_arch(
    *, trials: int, bars: int, blocks: float, seed: int, error_rate: float, shifts: list[float]
):
    """Shifts of the first trials are in units of Hansen's thresholds: above the benchmark, near them, and far below."""
    length, differences = max(int(bars / blocks), 1), noise(trials, bars, seed)
    moved = slice(0, len(shifts))
    differences[moved] -= (_thresholds(differences, length)[moved] * shifts[:trials])[:, None]
    compare_with_arch(differences, length, seed=seed, error_rate=error_rate)


@pytest.mark.parametrize("constants", [[0.0], [0.0, 0.0], [0.25], [-0.25], [0.5, -0.25], [0.0, -4.0], [-1.0, -0.5]])
@pytest.mark.parametrize("others", [0, 3])
def test_trials_with_constant_differences_are_treated_as_by_arch(constants: list[float], others: int):
    """All their replicates are equal. The sums of these constants have no rounding errors."""
    differences = np.concatenate([np.repeat(np.array(constants)[:, None], 100, axis=1), noise(others, 100)])
    for seed in range(5):
        compare_with_arch(differences, 7, seed=seed)


def test_a_block_of_all_bars_and_blocks_of_one_bar_are_those_of_arch():
    for length in (1, 2, 59, 60):
        compare_with_arch(noise(5, 60), length, seed=3)


def test_the_trials_that_are_not_recentred_are_those_of_arch():
    """Mean differences from 3 thresholds below the benchmark to 1 above."""
    differences = noise(200, 150)
    differences -= differences.mean(axis=1, keepdims=True)
    differences -= (_thresholds(differences, 9) * np.linspace(-3, 1, 200))[:, None]
    spa = arch_spa(differences, 9, seed=0, replicates=2)
    recentred = differences.mean(axis=1) >= _thresholds(differences, 9)
    assert recentred.tolist() == spa._valid_columns.tolist()
    assert recentred.sum() == 100


@pytest.mark.parametrize("bars", [3, 50, 127, 400])
@pytest.mark.parametrize("length", [1, 3, 20])
def test_the_variances_are_those_of_arch(bars: int, length: int):
    differences = noise(6, bars) + 0.1
    spa = arch_spa(differences, length, seed=0, replicates=2)
    assert _long_run_variances(differences, length) == pytest.approx(spa._loss_diff_var, rel=1e-12)


def test_the_steps_are_those_of_archs_class_for_them():
    """The first step finds the trial of large positions, and the second one a trial of small positions."""
    differences = noise(8, 400) * 0.1
    differences[0] = differences[0] * 40 + 4
    differences[1] += 0.1
    found = superior_ability(differences, 10, seed=1, replicates=500, error_rate=0.1)
    stepm = StepM(np.zeros(400), -differences.T, size=0.1, block_size=10, reps=500, bootstrap="circular", seed=1)
    stepm.compute()
    assert list(found.better) == stepm.superior_models == [0, 1]


def test_trials_far_below_the_benchmark_change_the_upper_bound_only():
    """They are recentred in the upper bound, and their variation is the largest there."""
    differences = noise(5, 300)
    differences[2] += 0.4
    with_losers = np.concatenate([differences, 20 * noise(20, 300, 1) - 20])
    alone, among = [
        superior_ability(rows, 8, seed=0, replicates=500, error_rate=0.05) for rows in (differences, with_losers)
    ]
    assert (among.p_value, among.p_value_lower, among.better) == (alone.p_value, alone.p_value_lower, (2,))
    assert alone.p_value_upper < 0.05
    assert among.p_value_upper > 0.5
