"""The key `stop` of a study."""

import pytest

from fxai.errors import SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.override import override
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.stop import Stop
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

OWN = "  objective: my_code:train\n"


def spec_with(body: str) -> Spec:
    parameters = "  parameters: {training.gamma: {type: uniform, low: 0.9, high: 0.99}}\n"
    return spec_of(parse_yaml(f"name: x\nstudies:\n- study_name: s\n{parameters}{body}", "spec.yaml"))


def study_with(body: str) -> StudySpec:
    return spec_with(body).studies[0]


def test_nothing_ends_a_study_unless_given() -> None:
    assert study_with("").stop == Stop()
    assert study_with("  stop:\n") == study_with("")


def test_the_rules_as_they_are_written() -> None:
    study = study_with("  stop: {patience: 20, min_delta: 1e-3, value: 0.5, env_steps: 1000000}\n")
    assert study.stop == Stop(patience=20, min_delta=0.001, value=0.5, env_steps=1_000_000)


def test_the_guides_names_for_them() -> None:
    study = study_with("  early_stop_patience: 20\n  early_stop_min_delta: 0.001\n")
    assert study.stop == Stop(patience=20, min_delta=0.001)
    both = study_with("  early_stop_patience: 20\n  stop: {min_delta: 0.001}\n")
    assert both == study
    assert study_with("  early_stop_patience: null\n  early_stop_min_delta: null\n") == study_with("")


def test_they_are_settings_and_part_of_presets() -> None:
    spec = override(spec_with(""), {"stop.patience": "5", "stop.min_delta": "0.1"})
    assert spec.studies[0].stop == Stop(patience=5, min_delta=0.1)
    text = "name: x\npresets: {short: {stop: {patience: 3}}}\nstudies:\n- study_name: s\n  preset: short\n"
    text += "  parameters: {training.gamma: {type: uniform, low: 0.9, high: 0.99}}\n"
    assert spec_of(parse_yaml(text, "spec.yaml")).studies[0].stop.patience == 3


def test_they_do_not_make_it_another_study() -> None:
    assert fingerprint(study_with("  stop: {patience: 20}\n")) == fingerprint(study_with(""))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("  stop: {patience: 0}\n", "stop.patience: must be greater than or equal to 1"),
        ("  stop: {min_delta: -1}\n", "stop.min_delta: must be greater than or equal to 0"),
        ("  stop: {patence: 3}\n", "did you mean 'patience'?"),
        ("  stop: {value: .inf}\n", "stop.value: "),
        (f"{OWN}  stop: {{env_steps: 9}}\n", "stop.env_steps: applies to fx_trading only"),
    ],
)
def test_rules_that_are_none(body: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        study_with(body)
    (problem,) = caught.value.problems
    assert fault in f"{problem.key}: {problem.message}"


def test_own_code_takes_the_others() -> None:
    study = study_with(f"{OWN}  stop: {{patience: 3, value: 1}}\n")
    with pytest.raises(SpecError, match="applies to fx_trading only"):
        override(spec_with(OWN), {"stop.env_steps": "9"})
    assert study.stop == Stop(patience=3, value=1.0)


def test_a_difference_without_patience_is_advised_against() -> None:
    assert any("no effect" in line for line in advice(study_with("  stop: {min_delta: 0.1}\n")))
