"""Weights & Biases: what its run files hold, and where it goes without a key or a server."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fxai.spec.fields.tracking import WandbTracking
from fxai.tracking import StudyMessage
from small_story import ENDING, METRIC, opening, story, told, trial
from wandb_files import WandbRun, wandb_runs
from wandb_server import WandbServer, running_server

KEY = "0123456789abcdef" * 3
CLOSED_PORT = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[WandbRun], list[str]]:
    """The runs of the small study, stored offline, and the notices."""
    folder = tmp_path_factory.mktemp("wandb")
    notices = told(story(), WandbTracking(mode="offline"), folder)
    return wandb_runs(folder), notices


def test_each_trial_has_a_run_in_the_group_of_its_study(recorded: tuple[list[WandbRun], list[str]]) -> None:
    runs, notices = recorded
    assert notices == []
    assert [run.name for run in runs] == [
        "trial-0000",
        "trial-0001",
        "trial-0002",
        "trial-0003",
        "trial-0003",
        "trial-0004",
    ]
    for run in runs:
        assert (run.project, run.group, run.job_type) == ("fx-ai-optuna", "it's mine", "trial")
        assert run.tags == ["optuna", "hyperparameter_search"]
        assert run.folder.name.startswith("offline-run-")  # what `wandb sync` takes
        assert run.host == ""


def test_a_run_holds_parameters_reports_and_the_end(recorded: tuple[list[WandbRun], list[str]]) -> None:
    first = recorded[0][0]
    assert first.config["training.gamma"] == 0.9
    assert first.config["model.type"] == "mlp"
    assert (first.config["study"], first.config["trial"], first.config["seed"]) == ("it's mine", 0, 100)
    assert first.config["training_config"] == {"training": {"gamma": 0.9}}
    assert first.history == [
        {"step": 10, METRIC: 0.1, "sharpe": 0.2},
        {"step": 20, METRIC: 0.2, "sharpe": 0.4},
    ]
    assert (first.summary["state"], first.summary["value"], first.summary["sharpe"]) == ("complete", 0.5, 1.5)


def test_states_are_recorded_and_only_failures_are_errors(recorded: tuple[list[WandbRun], list[str]]) -> None:
    runs, _ = recorded
    assert sorted(run.summary["state"] for run in runs) == [
        "complete", "complete", "fail", "pruned", "requeued", "requeued",
    ]  # fmt: skip
    failed = runs[2]
    assert (failed.summary["cause"], failed.summary["message"]) == ("exception", "no such bar")
    assert [run.exit_code for run in runs] == [0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("mode", [None, "online"])
def test_without_a_key_it_is_offline_with_one_notice(mode: str | None, tmp_path: Path) -> None:
    place = tmp_path / "a study's folder"
    place.mkdir()
    (notice,) = told(story(), WandbTracking(mode=mode), place)
    assert notice.startswith("Weights & Biases has no key")
    (command,) = re.findall("Upload them with `(wandb sync .*)`", notice)
    shown = subprocess.run(
        ["sh", "-c", command.replace("wandb sync", "ls -d")], capture_output=True, text=True, check=True
    )
    assert len(shown.stdout.splitlines()) == len(wandb_runs(place)) == 6


def test_the_mode_of_the_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert told([opening(), trial(0, 0.9)], WandbTracking(), tmp_path) == []
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert told(story(), WandbTracking(), tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_an_unreachable_server_has_one_notice_without_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", CLOSED_PORT)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "1")
    (notice,) = told(story(), WandbTracking(), tmp_path)
    assert notice.startswith("Weights & Biases cannot be used (")
    assert "connection refused" in notice
    assert len([run for run in wandb_runs(tmp_path) if run.folder.name.startswith("offline-run-")]) == 6
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    with running_server() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        yield server


def test_with_a_key_the_runs_are_uploaded(server: WandbServer, tmp_path: Path) -> None:
    assert told(story(), WandbTracking(mode="online"), tmp_path) == []
    assert sorted(server.uploaded) == [
        "trial-0000",
        "trial-0001",
        "trial-0002",
        "trial-0003",
        "trial-0003",
        "trial-0004",
    ]


def test_a_server_that_falls_behind_gets_no_more_runs(server: WandbServer, tmp_path: Path) -> None:
    began = trial(0, 0.9).trial_began
    assert began is not None
    lines = [StudyMessage(trial_began=replace(began, number=number, at=began.at - 3600)) for number in range(3)]
    (notice,) = told([opening(), *lines, ENDING], WandbTracking(mode="online"), tmp_path)
    assert notice.startswith("Weights & Biases does not keep up with the study; the runs are stored offline")
    assert not server.uploaded
