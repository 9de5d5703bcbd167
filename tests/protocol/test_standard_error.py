"""The mean, its standard error and that of a difference, against numpy and by their limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.protocol.standard_error import mean, standard_error, standard_error_of_difference

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20)


@given(NUMBERS)
def test_they_are_those_of_numpy(values: list[float]) -> None:
    assert mean(values) == pytest.approx(np.mean(values), abs=1e-9)
    expected = np.std(values, ddof=1) / np.sqrt(len(values))
    assert standard_error(values) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_mean_of_any_numbers_is_a_number() -> None:
    assert mean([1e308, 1e308]) == 1e308
    assert math.isnan(mean([math.inf, -math.inf]))


@pytest.mark.parametrize("values", [[], [1.0], [math.inf, 1.0], [math.nan, 1.0]])
def test_there_is_no_standard_error_of_one_value_or_of_values_that_are_not_finite(values: list[float]) -> None:
    assert math.isnan(standard_error(values))


def test_errors_of_independent_means_add_in_squares() -> None:
    assert standard_error_of_difference(3.0, 4.0) == 5.0
    assert standard_error_of_difference(None, 4.0) is None
    assert standard_error_of_difference(3.0, None) is None
