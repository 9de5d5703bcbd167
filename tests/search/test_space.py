from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.search.space import default_point, nearest
from fxai.spec.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter, contains

PLAIN = FloatParameter(name="x", low=-1.0, high=2.0)
STEPPED = FloatParameter(name="x", low=0.1, high=1.0, step=0.25)
WHOLE = IntParameter(name="x", low=2, high=11, step=3)
CHOICE = CategoricalParameter(name="x", choices=(32, 64, "auto"))


@pytest.mark.parametrize(
    ("parameter", "default", "expected"),
    [
        (PLAIN, 0.5, 0.5),
        (PLAIN, 7.0, 2.0),
        (PLAIN, -7, -1.0),
        (PLAIN, None, -1.0),
        (STEPPED, 0.5, 0.6),
        (STEPPED, 9.0, 0.85),
        (WHOLE, 6, 5),
        (WHOLE, 99, 11),
        (CHOICE, 64, 64),
        (CHOICE, 48, 32),
    ],
)
def test_nearest_point(parameter: Parameter, default: Any, expected: Any) -> None:
    assert nearest(parameter, default) == pytest.approx(expected)


@given(
    parameter=st.sampled_from([PLAIN, STEPPED, WHOLE, CHOICE]),
    value=st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
)
def test_default_always_lies_in_the_space(parameter: Parameter, value: Any) -> None:
    point = default_point([parameter], {"x": value}, {})
    assert contains(parameter, point["x"])
