"""What trial 0 is called: the user's defaults, or where a search of own code begins without any."""

import pytest

from fxai.spec.reading.load import spec_of
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.first_trial import DEFAULTS, STARTING_POINT, first_trial, first_trial_in, first_trial_notes
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

OWN = "  objective: m:f\n  parameters: {a.lr: {low: 0.0, high: 1}, depth: {path: a.depth, low: 1, high: 9}}\n"


def study(lines: str) -> StudySpec:
    return spec_of(parse_yaml(f"name: x\nstudies:\n- study_name: s\n{lines}", "x.yaml")).studies[0]


@pytest.mark.parametrize(
    ("lines", "called", "missing"),
    [
        (OWN, STARTING_POINT, "a.lr, depth"),
        (OWN + "  training_config: {a: {lr: 0.1}}\n", STARTING_POINT, "depth"),
        (OWN + "  training_config: {a: {lr: 0.1, depth: 3}}\n", DEFAULTS, ""),
        (OWN + "  training_config: {a: {lr: 0.1}}\n  fixed: {a.depth: 3}\n", DEFAULTS, ""),
        ("  parameters: {training.gamma: {low: 0.9, high: 0.99}}\n", DEFAULTS, ""),
    ],
)
def test_trial_0_is_the_default_configuration_where_there_is_one(lines: str, called: str, missing: str) -> None:
    made = study(lines)
    assert first_trial(made) == called
    assert first_trial_in(fingerprint(made)).startswith(called)
    notes = first_trial_notes(made)
    assert len(notes) == bool(missing)
    assert all(f" of {missing}; write defaults under training_config" in note for note in notes)


def test_a_study_of_another_program_has_a_first_trial_too() -> None:
    assert first_trial_in({}) == DEFAULTS
