from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.spec.search.parameters import (
    CategoricalParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    count_values,
    grid_values,
    nearest_value,
)

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
CHOICES = st.none() | st.booleans() | st.integers(-99, 99) | NUMBERS | st.text(max_size=3)


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    kind = draw(st.sampled_from(["float", "step", "int", "categorical"]))
    if kind == "categorical":
        return CategoricalParameter(
            name="p", choices=tuple(draw(st.lists(CHOICES, min_size=1, max_size=4, unique=True)))
        )
    if kind == "int":
        low, high = sorted((draw(st.integers(-500, 500)), draw(st.integers(-500, 500))))
        return IntParameter(name="p", low=low, high=high, step=draw(st.integers(1, 20)))
    if kind == "step":
        low, high = sorted((draw(st.integers(-500, 500)), draw(st.integers(-500, 500))))
        return FloatParameter(name="p", low=low / 100, high=high / 100, step=draw(st.integers(1, 20)) / 100)
    ends = sorted((draw(NUMBERS), draw(NUMBERS)))
    return FloatParameter(name="p", low=ends[0], high=ends[1])


@given(parameters())
def test_a_finite_parameter_holds_its_grid_and_counts_it(parameter: Parameter) -> None:
    count = count_values(parameter)
    if count is None:
        with pytest.raises(ValueError, match="continuous"):
            grid_values(parameter)
    else:
        values = grid_values(parameter)
        assert len(values) == count
        assert all(contains(parameter, value) for value in values)


@given(parameters(), CHOICES)
def test_the_nearest_value_is_one_that_the_parameter_takes(parameter: Parameter, value: Any) -> None:
    nearest = nearest_value(parameter, value)
    assert contains(parameter, nearest)
    if contains(parameter, value):
        assert nearest == pytest.approx(value, abs=1e-9)


@given(parameters(), NUMBERS)
def test_no_value_of_a_grid_is_nearer_than_the_nearest(parameter: Parameter, value: float) -> None:
    if isinstance(parameter, CategoricalParameter) or count_values(parameter) is None:
        return
    nearest = nearest_value(parameter, value)
    distances = [abs(float(each) - value) for each in grid_values(parameter)]  # type: ignore[arg-type]
    assert abs(float(nearest) - value) <= min(distances) + 1e-6  # type: ignore[arg-type]


def test_truth_is_no_number() -> None:
    assert not contains(IntParameter(name="p", low=0, high=1), value=True)
    assert not contains(CategoricalParameter(name="p", choices=(0, 1)), value=True)
    assert contains(CategoricalParameter(name="p", choices=(False, True)), value=True)


def test_a_choice_that_is_unknown_gives_the_first_and_a_range_its_middle() -> None:
    assert nearest_value(CategoricalParameter(name="p", choices=(128, 256)), None) == 128
    assert nearest_value(FloatParameter(name="p", low=1e-4, high=1e-2, log=True), None) == pytest.approx(1e-3)
    assert nearest_value(IntParameter(name="p", low=0, high=10, step=4), 99) == 8
