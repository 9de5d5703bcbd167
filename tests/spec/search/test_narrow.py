"""Ranges around a value that was found to be good."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.spec.search.narrow import narrow_range
from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    contains,
    count_values,
    grid_values,
    nearest_value,
)

Number = FloatParameter | IntParameter
PARAMETERS: list[Number] = [
    FloatParameter(name="x", low=-3, high=5),
    FloatParameter(name="x", low=1e-5, high=1e-1, log=True),
    FloatParameter(name="x", low=0.1, high=2.05, step=0.1),
    FloatParameter(name="x", low=0.0, high=0.3, step=0.1),
    IntParameter(name="x", low=2, high=40),
    IntParameter(name="x", low=4, high=66, step=4),
    IntParameter(name="x", low=1, high=1024, log=True),
    IntParameter(name="x", low=3, high=4),
    FloatParameter(name="x", low=0.5, high=0.5),
]
EVERYWHERE = st.tuples(st.sampled_from(PARAMETERS), st.floats(-0.5, 1.5), st.floats(0.01, 1))


@given(EVERYWHERE)
def test_a_range_lies_within_its_bounds_and_holds_the_best_value(drawn: tuple[Number, float, float]) -> None:
    parameter, where, width = drawn
    best = parameter.low + where * (parameter.high - parameter.low)
    made = narrow_range(parameter, best, width)
    assert not isinstance(made, CategoricalParameter)
    assert parameter.low <= made.low <= made.high <= parameter.high
    assert contains(made, nearest_value(parameter, best))
    assert type(made.low) is type(parameter.low)
    assert type(made).model_validate(made.model_dump()) == made


@given(EVERYWHERE)
def test_on_steps_the_ends_are_values_and_a_step_is_left_on_each_side(drawn: tuple[Number, float, float]) -> None:
    parameter, where, width = drawn
    if count_values(parameter) is None:
        return
    values = [value for value in grid_values(parameter) if isinstance(value, int | float)]
    at = round(min(max(where, 0), 1) * (len(values) - 1))
    made = narrow_range(parameter, values[at], width)
    assert not isinstance(made, CategoricalParameter)
    assert made.low in values
    assert made.high in values
    assert made.low <= values[max(at - 1, 0)]
    assert made.high >= values[min(at + 1, len(values) - 1)]


@given(st.sampled_from(PARAMETERS[:2]), st.floats(0, 1), st.floats(0.01, 1))
def test_a_length_is_measured_on_the_parameters_scale(parameter: FloatParameter, where: float, width: float) -> None:
    scale = math.log if parameter.log else float
    made = narrow_range(parameter, parameter.low + where * (parameter.high - parameter.low), width)
    assert isinstance(made, FloatParameter)
    whole = scale(parameter.high) - scale(parameter.low)
    assert math.isclose(scale(made.high) - scale(made.low), width * whole, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("choices", "best", "left"),
    [
        ((16, 32, 64, 128), 32, (16, 32, 64)),
        ((128, 64, 32, 16), 128, (128, 64)),
        ((16, 32, 64, 128), 16, (16, 32)),
        ((16, 32, 64, 128), 70, (32, 64, 128)),
        ((16, 32, 64, 128), None, (16, 32, 64, 128)),
        (("mlp", "gru"), "gru", ("mlp", "gru")),
        ((None, 1.0, 2.0), 1.0, (None, 1.0, 2.0)),
        ((True, False), True, (True, False)),
    ],
)
def test_of_choices_that_are_numbers_the_neighbours_stay(
    choices: tuple[Choice, ...], best: Choice, left: tuple[Choice, ...]
) -> None:
    made = narrow_range(CategoricalParameter(name="x", choices=choices), best, 0.25)
    assert isinstance(made, CategoricalParameter)
    assert made.choices == left


@pytest.mark.parametrize("best", [None, "much", True])
def test_what_is_no_number_narrows_no_range(best: Choice) -> None:
    assert narrow_range(PARAMETERS[0], best, 0.25) == PARAMETERS[0]
