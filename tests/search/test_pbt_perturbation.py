"""Near and anywhere: both stay within the range, near differs where it can."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.search.pbt_perturbation import perturbed, resampled
from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    count_values,
    grid_values,
)

FACTORS = st.floats(0.1, 10).filter(lambda factor: factor != 1)
CHANCE = st.floats(0, 1, exclude_max=True)


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    match draw(st.sampled_from(["float", "log", "stepped", "int", "int_log", "categorical"])):
        case "float":
            low = draw(st.floats(-100, 100))
            return FloatParameter(name="x", low=low, high=low + draw(st.floats(0, 100)))
        case "log":
            low = draw(st.floats(1e-8, 1))
            return FloatParameter(name="x", low=low, high=low * draw(st.floats(1, 1e6)), log=True)
        case "stepped":
            low = draw(st.integers(-20, 20))
            return FloatParameter(name="x", low=low / 10, high=low / 10 + draw(st.integers(0, 9)) / 2, step=0.5)
        case "int":
            low = draw(st.integers(-50, 50))
            high = low + draw(st.integers(0, 50))
            return IntParameter(name="x", low=low, high=high, step=draw(st.integers(1, 4)))
        case "int_log":
            low = draw(st.integers(1, 50))
            return IntParameter(name="x", low=low, high=low + draw(st.integers(0, 500)), log=True)
    choices: list[Any] = draw(
        st.lists(st.one_of(st.integers(-99, 99), st.booleans(), st.text()), min_size=1, max_size=5, unique_by=repr)
    )
    return CategoricalParameter(name="x", choices=_different(choices))


def _different(choices: list[Choice]) -> tuple[Choice, ...]:
    """1 and True are one choice to Python, and a parameter refuses them both."""
    return tuple(each for place, each in enumerate(choices) if each not in choices[:place])


@settings(deadline=None)
@given(parameters(), CHANCE, FACTORS)
def test_a_perturbed_value_is_one_of_the_range(parameter: Parameter, chance: float, factor: float) -> None:
    value = resampled(parameter, chance)
    assert contains(parameter, value)
    after = perturbed(parameter, value, factor)
    assert contains(parameter, after)
    assert type(after) is type(value) or isinstance(parameter, CategoricalParameter)


@settings(deadline=None)
@given(parameters().filter(lambda each: (count_values(each) or 0) > 1), CHANCE, FACTORS)
def test_a_counted_value_becomes_another(parameter: Parameter, chance: float, factor: float) -> None:
    value = resampled(parameter, chance)
    assert perturbed(parameter, value, factor) != value


@settings(deadline=None)
@given(st.integers(0, 4), FACTORS)
def test_a_choice_is_perturbed_to_an_adjacent_one(place: int, factor: float) -> None:
    parameter = CategoricalParameter(name="x", choices=("a", "b", "c", "d", "e"))
    after = parameter.choices.index(str(perturbed(parameter, parameter.choices[place], factor)))
    assert abs(after - place) == 1
    assert after > place if factor > 1 and place < 4 else place == 4 or factor < 1


@pytest.mark.parametrize(
    ("parameter", "value", "factor", "after"),
    [
        (FloatParameter(name="x", low=1e-5, high=1e-1, log=True), 1e-3, 1.2, 1.2e-3),
        (FloatParameter(name="x", low=1e-5, high=1e-1, log=True), 9e-2, 1.2, 1e-1),
        (FloatParameter(name="x", low=0.9, high=0.999), 0.99, 0.8, 0.992),  # a rate: its distance from one
        (FloatParameter(name="x", low=0.9, high=0.999), 0.99, 1.2, 0.988),
        (FloatParameter(name="x", low=-1.0, high=1.0), -0.5, 1.2, -0.6),
        (IntParameter(name="x", low=1, high=16), 5, 0.8, 4),
        (IntParameter(name="x", low=1, high=16), 1, 0.8, 2),
        (IntParameter(name="x", low=1, high=16), 16, 1.2, 15),
        (IntParameter(name="x", low=1, high=16), 2, 1.2, 3),
        (IntParameter(name="x", low=32, high=256, step=32), 128, 1.2, 160),
        (FloatParameter(name="x", low=0.0, high=0.3, step=0.1), 0.2, 0.8, 0.1),
    ],
)
def test_values_that_can_be_followed(parameter: Parameter, value: Choice, factor: float, after: Choice) -> None:
    assert perturbed(parameter, value, factor) == pytest.approx(after)


@settings(deadline=None)
@given(parameters().filter(lambda each: count_values(each) is not None))
def test_every_value_is_drawn(parameter: Parameter) -> None:
    values = grid_values(parameter)
    many = 4 * len(values) if not getattr(parameter, "log", False) else 40 * len(values) * 10
    found = {resampled(parameter, float(Fraction(2 * k + 1, 2 * many))) for k in range(many)}
    assert found == set(values)
