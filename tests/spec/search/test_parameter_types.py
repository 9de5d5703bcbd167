"""Ray's names for parameters, and parameters without a type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.errors import SpecError
from fxai.search.pbt_perturbation import perturbed, resampled
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.parameters import (
    CategoricalParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    grid_values,
    nearest_value,
)
from fxai.spec.search.samplers import GridSampler, TPESampler
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml


def study(parameters: str, rest: str = "") -> StudySpec:
    text = f"name: x\nstudies:\n- study_name: s\n  objective: m:f\n  parameters: {parameters}\n{rest}"
    return spec_of(parse_yaml(text, "x.yaml")).studies[0]


def parameter(written: str) -> Parameter:
    return study(f"{{p: {written}}}").parameters[0]


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("{low: 1, high: 10}", IntParameter(name="p", low=1, high=10)),
        ("{low: 2, high: 10, q: 4}", IntParameter(name="p", low=2, high=10, step=4)),
        ("{low: 1.0, high: 10}", FloatParameter(name="p", low=1, high=10)),
        ("{low: 0, high: 1, step: 0.5}", FloatParameter(name="p", low=0, high=1, step=0.5)),
        ("{low: 1e-5, high: 1e-3, log: true}", FloatParameter(name="p", low=1e-5, high=1e-3, log=True)),
        ("{values: [relu, tanh]}", CategoricalParameter(name="p", choices=("relu", "tanh"))),
        ("{choices: [1, 2]}", CategoricalParameter(name="p", choices=(1, 2))),
        ("{type: grid_search, values: [1, 2]}", CategoricalParameter(name="p", choices=(1, 2))),
        ("{type: lograndint, low: 1, high: 99}", IntParameter(name="p", low=1, high=99, log=True)),
        (
            "{type: qloguniform, low: 0.01, high: 1, q: 0.01}",
            FloatParameter(name="p", low=0.01, high=1, log=True, step=0.01),
        ),
        ("{type: qlograndint, low: 8, high: 512, q: 8}", IntParameter(name="p", low=8, high=512, log=True, step=8)),
        ("{type: randn}", FloatParameter(name="p", low=-3, high=3)),
        ("{type: randn, mean: 0.5, sd: 0.1}", FloatParameter(name="p", low=0.2, high=0.8)),
        ("{type: qrandn, mean: 1, sd: 0.11, q: 0.1}", FloatParameter(name="p", low=0.7, high=1.3, step=0.1)),
    ],
)
def test_what_a_parameter_means(written: str, meaning: Parameter) -> None:
    assert parameter(written) == meaning


def test_trial_0_of_randn_is_its_mean() -> None:
    assert nearest_value(parameter("{type: randn, mean: 0.7, sd: 0.1}"), None) == pytest.approx(0.7)


@given(st.integers(1, 20), st.integers(1, 40), st.floats(0, 1, exclude_max=True), st.floats(0.5, 2))
def test_steps_on_a_logarithmic_scale_are_multiples(first: int, count: int, chance: float, factor: float) -> None:
    made = parameter(f"{{type: qloguniform, low: {first / 10}, high: {(first + count) / 10}, q: 0.1}}")
    for value in (resampled(made, chance), perturbed(made, resampled(made, chance), factor), *grid_values(made)):
        assert contains(made, value)
        assert isinstance(value, float)
        assert value == round(value, 1)


def test_what_steps_on_a_logarithmic_scale_begin_with_is_a_multiple() -> None:
    with pytest.raises(SpecError, match="rounded to multiples of 10; low 1 is not one"):
        parameter("{type: qlograndint, low: 1, high: 100, q: 10}")


def test_a_study_of_grid_searches_is_a_grid() -> None:
    grid = "{a: {type: grid_search, values: [1, 2]}, b: {type: grid_search, values: [x, y]}}"
    assert isinstance(study(grid).sampler, GridSampler)
    assert isinstance(study(grid, "  sampler: tpe\n").sampler, TPESampler)
    mixed = "{a: {type: grid_search, values: [1, 2]}, b: {type: uniform, low: 0, high: 1}}"
    assert isinstance(study(mixed).sampler, TPESampler)


@pytest.mark.parametrize("written", ["{type: qlograndint, low: 8, high: 512, q: 8}", "{type: qrandn, mean: 1, q: 0.1}"])
def test_ray_types_are_written_out_as_they_are_read(written: str) -> None:
    made = study(f"{{p: {written}}}", "  direction: maximize\n")
    again = spec_of(parse_yaml(standalone_spec(made), "y.yaml")).studies[0]
    assert again.parameters == made.parameters


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (f"{{type: randn, mean: 1{'0' * 309}}}", "mean: must be a number, not a whole number of 310 digits"),
        ("{type: randn, sd: .nan}", "sd: must be a number above 0, not nan"),
        ("{type: randn, mean: 1e308, sd: 1e308}", "must be a finite number"),
        ("{type: qrandn, mean: 0, sd: 1, q: .inf}", "must be a finite number"),
        ("{type: qrandn, mean: 0.5, sd: 0.01, q: 3}", "low 3 is above high 0"),
        ("{low: a, high: 2}", "low: must be a number, not 'a'"),
        ("{low: 1}", "is required unless low and high, or values, are given"),
    ],
)
def test_an_invalid_range_is_refused(written: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parameter(written)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 700
