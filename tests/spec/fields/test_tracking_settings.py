"""Trackers in a spec: off unless asked for, and no place for secrets."""

import pytest

from fxai.errors import SpecError
from fxai.spec.fields.tracking import MlflowTracking, Tracking, WandbTracking
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.override import override
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import Spec
from fxai.spec.yaml.yaml_source import parse_yaml

STUDY = """
studies:
  - study_name: a
    parameters: {training.gamma: {type: float, low: 0.9, high: 0.99}}
"""


def loaded(text: str) -> Spec:
    return spec_of(parse_yaml(f"name: x\n{text}", "x.yaml"))


def with_tracking(tracking: str) -> Tracking:
    return loaded(f"{STUDY}    tracking: {tracking}\n").studies[0].tracking


def test_nothing_is_tracked_unless_asked_for() -> None:
    assert loaded(STUDY).studies[0].tracking == Tracking()
    assert with_tracking("") == Tracking()


def test_a_tracker_that_is_named_has_its_defaults() -> None:
    tracking = with_tracking("{wandb: , mlflow: {}}")
    assert tracking == Tracking(wandb=WandbTracking(), mlflow=MlflowTracking())
    assert tracking.wandb is not None
    assert (tracking.wandb.project, tracking.wandb.tags) == ("fx-ai-optuna", ("optuna", "hyperparameter_search"))


def test_the_top_of_a_file_sets_the_default_of_all_studies() -> None:
    second = STUDY.replace("studies:\n", "").replace("study_name: a", "study_name: b")
    spec = loaded(f"tracking: {{mlflow: {{experiment: mine}}}}\n{STUDY}{second.strip(chr(10))}\n    tracking: {{}}\n")
    assert [study.tracking.mlflow for study in spec.studies] == [MlflowTracking(experiment="mine"), None]


@pytest.mark.parametrize(
    ("tracking", "message"),
    [
        ("{wandb: {api_key: hush}}", "tracking.wandb.api_key: a spec must not contain API keys; set WANDB_API_KEY"),
        ("{mlflow: {password: hush}}", "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
        ('{mlflow: {tracking_uri: "http://me:hush@host"}}', "as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
        ('{mlflow: {tracking_uri: "http://hush@host"}}', "as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
        ('{mlflow: {tracking_uri: "postgresql://me:hush@host/db"}}', "set the address as MLFLOW_TRACKING_URI"),
        ("{wandb: {projct: x}}", "unknown key; did you mean 'project'?"),
        ("{wandb: {project: a/b}}", "'a/b' must not contain '/'"),
        ("{wandb: {mode: of}}", "must be 'online', 'offline' or 'disabled', not 'of'"),
        ("{wandb: true}", "must be a mapping, not true"),
        ("{comet: {}}", "tracking.comet: unknown key"),
    ],
)
def test_what_does_not_belong_there_is_refused(tracking: str, message: str) -> None:
    with pytest.raises(SpecError) as refused:
        with_tracking(tracking)
    assert message in str(refused.value)
    assert str(refused.value).count("\n") == 0
    assert "hush" not in str(refused.value)


def test_settings_ask_for_a_tracker() -> None:
    spec = override(loaded(STUDY), {"tracking.wandb.mode": "offline", "tracking.mlflow": "{}"})
    assert spec.studies[0].tracking == Tracking(wandb=WandbTracking(mode="offline"), mlflow=MlflowTracking())
    changed = override(spec, {"tracking.wandb.project": "mine", "tracking.mlflow": "null"})
    assert changed.studies[0].tracking == Tracking(wandb=WandbTracking(mode="offline", project="mine"))
    with pytest.raises(SpecError, match="give user and password as"):
        override(spec, {"tracking.mlflow.tracking_uri": "http://me:hush@host"})


def test_it_makes_no_other_study() -> None:
    plain, tracked = loaded(STUDY), loaded(f"tracking: {{wandb: }}\n{STUDY}")
    assert fingerprint(plain.studies[0]) == fingerprint(tracked.studies[0])
