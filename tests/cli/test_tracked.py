"""Trackers of a study: they get its events, give notices, and never block it."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import SMALL_SPEC, Fxai
from fxai.pool import Activity
from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState
from fxai.protocol.tracker_messages import TrackerWelcome
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec
from fxai.study import tracked_events as module
from fxai.study.events import (
    Ending,
    Heartbeat,
    Notice,
    StudyEnded,
    StudyEvent,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
)
from fxai.study.stop_signal import StopSignal
from fxai.study.tracked_events import tracked
from fxai.tracking import TrackerProcess
from fxai.tracking.trackers import tracker_environment
from inline_workers import train_in_this_process
from wandb_files import wandb_runs

STUDY = StudySpec(study_name="s", parameters=(FloatParameter(name="training.gamma", low=0.9, high=0.99),))
ENDED = StudyEnded("s", StudyProgress(total=2, complete=1, failed=1, best_trial=0, best_value=0.5), seconds=8.0)
PARAMS = {"training.gamma": 0.97}
CONFIG = trial_settings(STUDY, PARAMS)
BEAT = Heartbeat((Activity(0, "cpu", (0,), 10),))
EVENTS = (
    StudyOpened("s", "maximize", "mean_reward", 1, StudyProgress(total=2)),
    TrialBegan(0, 0, PARAMS, config=CONFIG),
    TrialRequeued(0, "its worker was lost"),
    TrialBegan(0, 1, PARAMS, config=CONFIG),
    BEAT,
    TrialProgressed(Report(0, 10, 0.25), pruned=False),
    TrialFinished(TrialResult(0, TrialState.COMPLETE, 4.0, value=0.5), PARAMS, ENDED.progress, best=True),
    TrialBegan(1, 0, {"training.gamma": 7.0}),  # makes no configuration
    TrialFinished(
        TrialResult(1, TrialState.FAIL, 4.0, error=TrialError(Cause.EXCEPTION, "boom", "Traceback: secret places")),
        {"training.gamma": 7.0},
        ENDED.progress,
        best=False,
    ),
    ENDED,
)


@pytest.fixture(autouse=True)
def _no_tracker_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("WANDB_", "MLFLOW_")):
            monkeypatch.delenv(name)


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[TrackerProcess]:
    """A tracker that works in nothing."""
    environment = tracker_environment(os.environ)
    log = tmp_path / "odd.log"
    tracker = TrackerProcess(
        "Odd", TrackerWelcome("hangs", {}, tmp_path), log, environment, module="tracking.odd_tracker"
    )
    yield tracker
    tracker.close()


def through(tracker: TrackerProcess, ended: StudyEnded, stop: StopSignal) -> list[StudyEvent]:
    return list(tracked((*EVENTS[:-1], ended), STUDY, [tracker], stop))


def test_without_trackers_the_events_are_as_they_were() -> None:
    assert tuple(tracked(EVENTS, STUDY, [], StopSignal())) == EVENTS


def test_a_hanging_tracker_is_waited_for_only_at_the_end(
    hanging: TrackerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FINISH_SECONDS", 2.0)
    began = time.monotonic()
    seen = through(hanging, ENDED, StopSignal())
    assert 2.0 <= time.monotonic() - began < 20.0
    assert seen[: len(EVENTS) - 1] == list(EVENTS[:-1])
    assert seen[-1] is ENDED
    assert BEAT in seen[len(EVENTS) :]  # the live view goes on
    assert [event.message.partition(",")[0] for event in seen if isinstance(event, Notice)] == [
        "Waiting for the trackers for at most 2 s.",
        "Odd had not finished 2 s after the end of the study",
    ]


@pytest.mark.parametrize(
    ("requests", "ending"), [(0, Ending.INTERRUPTED), (1, Ending.INTERRUPTED), (1, Ending.REACHED)]
)
def test_after_ctrl_c_it_is_waited_for_less(
    hanging: TrackerProcess, monkeypatch: pytest.MonkeyPatch, requests: int, ending: Ending
) -> None:
    assert list(module._FINISH_SECONDS_WHEN_STOPPED.values()) == [10.0, 2.0]
    monkeypatch.setattr(module, "_FINISH_SECONDS_WHEN_STOPPED", dict.fromkeys(module._FINISH_SECONDS_WHEN_STOPPED, 0.2))
    stop = StopSignal()
    for _ in range(requests):
        stop.request()
    seen = through(hanging, StudyEnded("s", ENDED.progress, 8.0, ending=ending), stop)
    assert [event.message[:34] for event in seen if isinstance(event, Notice)] == ["Odd had not finished 0.2 s after t"]


def test_a_run_is_recorded_offline(fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(f"tracking: {{wandb: {{mode: offline}}}}\n{SMALL_SPEC}")
    finished = fxai("--spec", "small.yaml", "--n-jobs", "1")
    assert (finished.code, finished.err) == (0, "")
    assert "Weights & Biases" not in finished.out
    runs = wandb_runs(folder / "optuna_results" / "small")
    assert [(run.name, run.group, run.exit_code) for run in runs] == [
        ("trial-0000", "small", 0),
        ("trial-0001", "small", 0),
    ]
    for run in runs:
        rate = run.config["training.learning_rate"]
        assert run.config["training_config"]["training"]["learning_rate"] == rate
        assert run.config["training_config"]["model"]["d_model"] == 8
        assert [point["step"] for point in run.history] == [1, 2]
        assert run.summary["value"] == run.summary["mean_reward"]


@train_in_this_process()
def test_a_member_of_a_population_that_takes_turns_has_one_run(fxai: Fxai, folder: Path) -> None:
    text = SMALL_SPEC.replace("    parameters:", "    search: {population: 3, ready_interval: 1}\n    parameters:")
    (folder / "small.yaml").write_text(f"tracking: {{wandb: {{mode: offline}}}}\n{text}")
    one_lane = ("--n-jobs", "1", "--set", "resources.lanes_per_worker=1", "--n-trials", "3")
    finished = fxai("--spec", "small.yaml", *one_lane)
    assert (finished.code, finished.err) == (0, "")
    runs = wandb_runs(folder / "optuna_results" / "small")
    assert [(run.name, run.exit_code) for run in runs] == [(f"trial-{number:04d}", 0) for number in range(3)]
    for run in runs:
        assert [point["step"] for point in run.history] == [1, 2]
        assert run.summary["state"] == "complete"


@train_in_this_process()
def test_unreachable_servers_stop_no_study(fxai: Fxai, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef" * 3)
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (folder / "small.yaml").write_text(SMALL_SPEC)
    settings = ("--set", "tracking.wandb={}", "--set", "tracking.mlflow.tracking_uri=http://127.0.0.1:9")
    finished = fxai("--spec", "small.yaml", "--n-jobs", "1", *settings)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out.count("Weights & Biases cannot be used") == 1
    assert finished.out.count("MLflow failed") == 1
    assert "│ Completed trials │ 2 " in finished.out


def test_mlflow_that_is_not_installed_stops_it_before_anything_is_written(
    fxai: Fxai, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)  # as if it were not there
    (folder / "small.yaml").write_text(SMALL_SPEC)
    for more in ((), ("--dry-run",)):
        finished = fxai("run", "--spec", "small.yaml", "--set", "tracking.mlflow={}", *more)
        assert finished.code == 2
        assert finished.err.count("\n") == 1
        assert "`pip install 'fxai[mlflow]'`" in finished.err
        assert [path.name for path in folder.iterdir()] == ["small.yaml"]
