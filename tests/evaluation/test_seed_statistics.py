import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fxai.evaluation.seed_statistics import interquartile_mean, probability_of_improvement

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0], 3.0),
        ([1.0, 5.0, 9.0], 5.0),  # nothing is left out
        ([100.0, 1.0, 2.0, -50.0], 1.5),
        ([8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 70.0], 4.5),  # 3 + 4 + 5 + 6
        ([1.0, 2.0, 3.0, 4.0, 5.0, 60.0], 3.5),  # 2 + 3 + 4 + 5
    ],
)
def test_interquartile_mean(values: list[float], expected: float):
    assert interquartile_mean(values) == pytest.approx(expected)


@given(VALUES)
def test_the_interquartile_mean_is_scipys_trimmed_mean(values: list[float]):
    assert interquartile_mean(values) == pytest.approx(float(stats.trim_mean(values, 0.25)), abs=1e-9)


@pytest.mark.parametrize(
    ("values", "others", "expected"),
    [
        ([2.0, 3.0], [0.0, 1.0], 1.0),
        ([0.0, 1.0], [2.0, 3.0], 0.0),
        ([1.0, 3.0], [2.0], 0.5),
        ([1.0, 2.0], [1.0, 3.0], 0.375),  # a tie, a loss, a win, a loss
        ([1.0, 2.0, 4.0], [0.0, 1.0, 2.0, 3.0], 8 / 12),
    ],
)
def test_probability_of_improvement(values: list[float], others: list[float], expected: float):
    assert probability_of_improvement(values, others) == pytest.approx(expected)


@given(VALUES, VALUES)
def test_the_probability_is_the_mann_whitney_statistic(values: list[float], others: list[float]):
    found = probability_of_improvement(values, others)
    statistic = float(stats.mannwhitneyu(values, others).statistic)
    assert found == pytest.approx(statistic / (len(values) * len(others)))
    assert found + probability_of_improvement(others, values) == pytest.approx(1)


def test_agents_are_no_improvement_over_themselves():
    values = np.random.default_rng(0).normal(size=9).tolist()
    assert probability_of_improvement(values, values) == 0.5
