"""Values on steps have the digits that a user writes, without rounding errors of sums."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fxai.errors import SpecError
from fxai.spec.reading.load import spec_of
from fxai.spec.search.conditions import is_active
from fxai.spec.search.constraints import violation
from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    after_steps,
    contains,
    count_values,
    grid_values,
    nearest_value,
)
from fxai.spec.search.steps import without_rounding_error
from fxai.spec.yaml.yaml_source import parse_yaml

PARAMETER: TypeAdapter[Parameter] = TypeAdapter(Parameter)


@st.composite
def stepped(draw: st.DrawFn) -> tuple[FloatParameter, Decimal]:
    """A parameter on steps of some decimals, and its step as written."""
    scale = Decimal(10) ** draw(st.integers(-9, 3))
    low, step = draw(st.integers(-2000, 2000)) * scale, draw(st.integers(1, 300)) * scale
    high = low + draw(st.integers(0, 4000)) * scale
    return FloatParameter(name="p", low=float(low), high=float(high), step=float(step)), step


@given(stepped(), st.data())
def test_a_value_on_a_step_is_the_float_of_its_digits(
    case: tuple[FloatParameter, Decimal], data: st.DataObject
) -> None:
    parameter, step = case
    count = count_values(parameter)
    assert count is not None
    steps = data.draw(st.integers(0, count - 1))
    written = float(Decimal(repr(parameter.low)) + steps * step)
    drifted = [
        parameter.low + steps * float(step),
        math.nextafter(written, math.inf),
        math.nextafter(written, -math.inf),
    ]
    assert after_steps(parameter, steps) == written
    for value in (written, *(each for each in drifted if parameter.low <= each <= parameter.high)):
        assert contains(parameter, value)
        assert nearest_value(parameter, value) == written
        assert without_rounding_error(value, parameter.low, parameter.high, float(step)) == written
    assert nearest_value(parameter, nearest_value(parameter, drifted[0])) == written
    conditional = FloatParameter(name="q", low=0, high=1, when={"p": (written,)})
    assert is_active(conditional, {"p": nearest_value(parameter, drifted[0])})
    assert violation(f"p == {written!r}", {"p": written}) <= 0
    assert violation(f"p in [{written!r}]", {"p": nearest_value(parameter, drifted[0])}) <= 0


@given(stepped(), st.floats(-3e6, 3e6))
def test_contains_and_nearest_value_agree(case: tuple[FloatParameter, Decimal], value: float) -> None:
    parameter, step = case
    nearest = nearest_value(parameter, value)
    assert isinstance(nearest, float)
    assert contains(parameter, nearest)
    if contains(parameter, value):
        assert abs(nearest - value) < float(step) / 1000
    elif parameter.low <= value <= parameter.high:
        assert nearest != value


def test_sums_in_constraints_are_of_the_digits() -> None:
    tenths = [each / 10 for each in range(1, 10)]
    for a in tenths:
        for b in tenths:
            exact = Decimal(str(a)) + Decimal(str(b))
            assert (violation(f"a + b <= {exact}", {"a": a, "b": b}) <= 0, a, b) == (True, a, b)
            assert (violation(f"a + b < {exact}", {"a": a, "b": b}) > 0, a, b) == (True, a, b)
            assert (violation("a + b == c", {"a": a, "b": b, "c": float(exact)}) <= 0, a, b) == (True, a, b)
    assert violation("x // 0.1 == 3", {"x": 0.3}) <= 0
    assert violation("x ** 2 == 0.01", {"x": 0.1}) <= 0
    assert violation("x - 100 == 0.1", {"x": 100.1}) <= 0
    assert violation("x / 3 * 3 == x", {"x": 0.7}) <= 0
    assert violation("x < 1e-12", {"x": 1e-13}) <= 0
    assert violation("x == 1e-12", {"x": 1e-13}) > 0


@pytest.mark.parametrize(
    ("low", "high", "step", "default", "moved"),
    [(0.0, 0.3, 0.1, None, 0.1), (0.1, 0.9, 0.1, 0.35, 0.3), (0.1, 0.9, 0.1, 0.25, 0.2), (0.0, 1.0, 0.25, 0.375, 0.5)],
)
def test_trial_0_stays_where_it_was(low: float, high: float, step: float, default: Choice, moved: float) -> None:
    """Halfway between two steps floats decide, as they did in studies that exist."""
    assert nearest_value(FloatParameter(name="p", low=low, high=high, step=step), default) == moved


def test_grids_are_written_digits() -> None:
    assert grid_values(FloatParameter(name="p", low=0.1, high=0.9, step=0.1)) == tuple(
        each / 10 for each in range(1, 10)
    )


def test_a_large_range_has_exact_steps() -> None:
    parameter = FloatParameter(name="p", low=0, high=1e9, step=0.001)
    assert contains(parameter, 123456789.123)
    assert not contains(parameter, 123456789.1235)
    assert nearest_value(parameter, 999999999.9994) == 999999999.999


@pytest.mark.parametrize(
    "parameter",
    [
        IntParameter(name="p", low=-(2**52), high=2**52),
        FloatParameter(name="p", low=-8e307, high=8e307),
        FloatParameter(name="p", low=1e-300, high=1e300, log=True),
        FloatParameter(name="p", low=1e-300, high=1e-290, log=True),
        FloatParameter(name="p", low=1e290, high=1e300, log=True),
    ],
)
def test_middles_of_great_ranges_lie_within(parameter: Parameter) -> None:
    middle = nearest_value(parameter, None)
    assert contains(parameter, middle)
    assert middle not in (parameter.low, parameter.high)


HUGE = "1" + "0" * 309


@pytest.mark.parametrize(
    ("parameter", "key", "message"),
    [
        ("{type: int, low: 0, high: 18446744073709551615}", "high", "18446744073709551615 is beyond 2^53"),
        (f"{{type: int_log, low: 1, high: {HUGE}}}", "high", "a whole number of 310 digits is beyond 2^53"),
        (f"{{type: int, low: -{HUGE}, high: 1}}", "low", "a whole number of 310 digits is beyond 2^53"),
        ("{type: int, low: 0, high: 9, step: 9007199254740993}", "step", "is beyond 2^53"),
        ("{type: int, low: -9007199254740992, high: 9007199254740992}", "", "more than 2^53 whole numbers"),
        ("{type: choice, values: [9007199254740993, 4]}", "values[0]", "is beyond 2^53"),
        (f"{{type: float, low: 0, high: {HUGE}}}", "high", "is greater than any float"),
        ("{type: float, low: 0, high: 9007199254740993}", "high", "is beyond 2^53"),
        ("{type: float, low: -1e308, high: 1e308}", "", "is wider than any float"),
        ("{type: float, low: 0, high: 1, step: 1e-30}", "", "step 1e-30 is too small"),
        ("{type: float, low: 1e16, high: 1e17, step: 0.5}", "", "step 0.5 is too small"),
        ("{type: float, low: 0, high: 1}\n  enqueue: [{p: 18446744073709551617}]", "", "is beyond 2^53"),
        ("{type: float, low: 0, high: 1e20}\n  training_config: {p: 18446744073709551617}", "", "is beyond 2^53"),
        ("{type: float, low: 0, high: 1}\n  constraints: [p < " + HUGE + "]", "", "greater than any float"),
        ("{type: float, low: 0, high: 1}\n  constraints: [p < 1e999]", "", "greater than any float"),
        ("{type: float, low: 0, high: 1}\n  score: value + " + HUGE, "", "greater than any float"),
    ],
)
def test_numbers_that_a_database_would_change_are_refused(parameter: str, key: str, message: str) -> None:
    text = f"name: x\nstudies:\n- study_name: s\n  objective: m:f\n  parameters:\n    p: {parameter}\n"
    with pytest.raises(SpecError) as caught:
        spec_of(parse_yaml(text, "x.yaml"))
    assert message in str(caught.value)
    assert f"parameters.p.{key}: " in str(caught.value) if key else True
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.25", "0.25 is between two steps; use 0.2 or 0.3"),
        ("0.95", "0.95 is beyond the last step, 0.9"),
        ("2", "2 is outside the parameter's range, 0.1 to 0.95"),
    ],
)
def test_an_enqueued_point_off_the_steps_is_refused_with_the_nearest_steps(value: str, message: str) -> None:
    text = "name: x\nstudies:\n- study_name: s\n  objective: m:f\n  parameters:\n"
    text += f"    p: {{type: quniform, low: 0.1, high: 0.95, q: 0.1}}\n  enqueue: [{{p: {value}}}]\n"
    with pytest.raises(SpecError, match=message):
        spec_of(parse_yaml(text, "x.yaml"))


def test_whole_numbers_up_to_2_53_are_taken() -> None:
    for value in (2**53, -(2**53)):
        assert CategoricalParameter(name="p", choices=(value, 1)).choices[0] == value
    assert IntParameter(name="p", low=0, high=2**53).high == 2**53
    with pytest.raises(ValidationError):
        IntParameter(name="p", low=0, high=2**53 + 1)
