from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, json_to_distribution

from fxai.search.space import default_point
from fxai.search.tables import param_row
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter, contains

PLAIN = FloatParameter(name="x", low=-1.0, high=2.0)
STEPPED = FloatParameter(name="x", low=0.1, high=1.0, step=0.25)
WHOLE = IntParameter(name="x", low=2, high=11, step=3)
CHOICE = CategoricalParameter(name="x", choices=(32, 64, "auto"))


@given(
    parameter=st.sampled_from([PLAIN, STEPPED, WHOLE, CHOICE]),
    value=st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
)
def test_default_always_lies_in_the_space(parameter: Parameter, value: Any) -> None:
    point = default_point([parameter], {"x": value}, {})
    assert contains(parameter, point["x"])


def test_choices_that_python_takes_for_equal_are_stored_as_each_study_writes_them() -> None:
    """True equals 1, so a cache by equality would give one study the choices of another."""
    for choices in ((0, 1, 2), (0, True, 2), (False, 1, 2.0)):
        row = param_row(1.0, CategoricalDistribution(choices))
        stored = json_to_distribution(row["distribution_json"])
        assert isinstance(stored, CategoricalDistribution)
        assert repr(stored.choices) == repr(choices)
