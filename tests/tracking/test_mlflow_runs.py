"""MLflow: what its database holds, and a server that is gone."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from fxai.spec.fields.tracking import MlflowTracking
from small_story import ENDING, METRIC, opening, story, told, trial

CLOSED_PORT = "http://someone:sekrit@127.0.0.1:9"


def runs_in(uri: str) -> tuple[list[Run], list[Run]]:
    """The study runs and the trial runs, the latter by name and in the order of their start."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("fx-ai-optuna")
    assert experiment is not None
    runs = sorted(
        client.search_runs([experiment.experiment_id]), key=lambda run: (run.info.run_name, run.info.start_time)
    )
    return [run for run in runs if not of_trial(run)], [run for run in runs if of_trial(run)]


def of_trial(run: Run) -> bool:
    return "mlflow.parentRunId" in run.data.tags


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database in which the story was recorded, then two resumed runs of its study."""
    folder = tmp_path_factory.mktemp("mlflow")
    settings = MlflowTracking(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    assert told(story(), settings, folder) == []
    assert told([opening(resumed=True), trial(5, 0.95)], settings, folder) == []  # as if this run had died
    assert told([opening(resumed=True), trial(6, 0.96), ENDING], settings, folder) == []
    return str(settings.tracking_uri)


def test_a_resumed_study_continues_its_run(uri: str) -> None:
    (study,), trials = runs_in(uri)
    assert (study.info.run_name, study.info.status) == ("it's mine", "FINISHED")
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {study.info.run_id}
    assert study.data.metrics == {"best_value": 0.5}
    assert study.data.tags["best.training.gamma"] == "0.9"
    assert (study.data.tags["fxai.best_trial"], study.data.tags["fxai.ending"]) == ("0", "reached")


def test_each_trial_has_a_run_with_its_state(uri: str) -> None:
    _, trials = runs_in(uri)
    assert [(run.info.run_name, run.info.status, run.data.tags["fxai.state"]) for run in trials] == [
        ("trial-0000", "FINISHED", "complete"),
        ("trial-0001", "FINISHED", "pruned"),
        ("trial-0002", "FAILED", "fail"),
        ("trial-0003", "KILLED", "requeued"),
        ("trial-0003", "FINISHED", "complete"),
        ("trial-0004", "KILLED", "requeued"),
        ("trial-0005", "KILLED", "requeued"),
        ("trial-0006", "KILLED", "requeued"),
    ]
    assert trials[2].data.tags["fxai.message"] == "no such bar"


def test_a_run_holds_parameters_and_reports(uri: str) -> None:
    first = runs_in(uri)[1][0]
    assert first.data.params == {"training.gamma": "0.9", "model.type": "mlp", "seed": "100"}
    assert first.data.metrics == {METRIC: 0.2, "sharpe": 1.5, "value": 0.5}
    history = MlflowClient(uri).get_metric_history(first.info.run_id, METRIC)
    assert [(metric.step, metric.value) for metric in history] == [(10, 0.1), (20, 0.2)]


def test_an_unreachable_server_has_one_notice_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", CLOSED_PORT)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (notice,) = told(story(), MlflowTracking(), tmp_path)
    assert notice.startswith("MLflow failed (")
    assert "127.0.0.1" in notice
    assert "sekrit" not in notice
    assert "sekrit" not in (tmp_path / "logs" / "tracking-mlflow.log").read_text()
