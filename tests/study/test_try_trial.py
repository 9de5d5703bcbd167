"""One trial of a study with the smallest budget."""

import threading
from pathlib import Path
from tempfile import gettempdir

import psutil
import pytest

from fxai.protocol import Cause, TrialState
from fxai.spec.reading.load import load_spec
from fxai.spec.search.study import StudySpec
from fxai.study.stop_signal import StopSignal
from fxai.study.try_trial import TriedTrial, try_trial

CODE = """\
import time

def train(trial):
    print("at the start")
    for step in range(3):
        trial.report(step, step * trial.params["x"], loss=1.0)
    return {"value": 0.25, "size": trial.config["size"]}

def fail(trial):
    raise ValueError("the data are gone")

def hang(trial):
    time.sleep(1000)
"""
STUDY = "{study_name: mine, n_trials: 5, seeds_per_trial: 3, parameters: {x: {type: float, low: 0, high: 1}}"
SMALL = """\
      env: {max_episode_steps: 16}
      model: {d_model: 8, n_layers: 1}
"""


def study(folder: Path, rest: str) -> StudySpec:
    (folder / "code.py").write_text(CODE)
    (folder / "mine.yaml").write_text(f"name: mine\nstudies:\n  - {STUDY}, {rest}}}\n")
    return load_spec(folder / "mine.yaml").studies[0]


def tried(made: StudySpec) -> TriedTrial:
    ended = try_trial(made, StopSignal())
    assert ended is not None
    return ended


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary files of a test are in a folder of the test."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"__pycache__"}


def test_custom_code_runs_unchanged_and_leaves_no_files(tmp_path: Path) -> None:
    ended = tried(study(tmp_path, "objective: code:train, training_config: {x: 0.5, size: 7}"))
    assert (ended.result.state, ended.result.value, ended.reports) == (TrialState.COMPLETE, 0.25, 3)
    assert ended.params == {"x": 0.5}
    assert ended.result.metrics == {"size": 7.0}, "of one seed"
    assert ended.output == ("at the start",)
    assert files(tmp_path) == {"code.py", "mine.yaml", "temporary"}
    assert files(Path(gettempdir())) == set()


@pytest.mark.parametrize(
    ("rest", "cause", "message", "output"),
    [
        ("objective: code:fail", Cause.EXCEPTION, "ValueError: the data are gone", "ValueError: the data are gone"),
        ("objective: code:hang, trial_timeout: 1", Cause.TIME_LIMIT, "its limit of 1 s (trial_timeout)", ""),
        ("objective: coda:train", Cause.EXCEPTION, "No module named 'coda'", "No module named 'coda'"),
        (
            "objective: {command: [sh, -c, 'echo no bars >&2; exit 3']}",
            Cause.EXCEPTION,
            "the command exited with status 3: no bars",
            "no bars",
        ),
    ],
)
def test_a_failure_has_its_cause_and_the_end_of_its_output(
    tmp_path: Path, rest: str, cause: Cause, message: str, output: str
) -> None:
    ended = tried(study(tmp_path, rest))
    assert ended.result.error is not None
    assert (ended.result.state, ended.result.error.cause) == (TrialState.FAIL, cause)
    assert message in ended.result.error.message
    assert output in ended.output[-1]
    assert gettempdir() not in ended.result.error.message, "its log is removed"


@pytest.mark.parametrize("algorithm", ["ppo", "a2c", "dqn"])
def test_an_agent_of_fxai_is_trained_up_to_one_report(tmp_path: Path, algorithm: str) -> None:
    parameters = "parameters: {training.total_updates: {type: int, low: 50, high: 100}}"
    (tmp_path / "mine.yaml").write_text(
        f"name: mine\nstudies:\n  - study_name: mine\n    {parameters}\n"
        f"    training_config:\n{SMALL}      training: {{algorithm: {algorithm}, n_envs: 2, rollout_steps: 32}}\n"
    )
    (made,) = load_spec(tmp_path / "mine.yaml").studies
    ended = tried(made)
    assert (ended.result.state, ended.reports) == (TrialState.COMPLETE, 1)
    assert files(tmp_path) == {"mine.yaml", "temporary"}


def test_an_invalid_configuration_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nstudies:\n  - study_name: mine\n"
        "    parameters: {training.batch_size: {type: int, low: 100000, high: 200000}}\n"
    )
    (made,) = load_spec(tmp_path / "mine.yaml").studies
    ended = tried(made)
    assert ended.result.error is not None
    assert "batch" in ended.result.error.message


def test_a_stop_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    stop = StopSignal()
    started = tmp_path / "started"
    script = f"touch {started}; sleep 1000"
    made = study(tmp_path, f"objective: {{command: [sh, -c, '{script}']}}")

    def ask() -> None:
        while not started.exists():
            threading.Event().wait(0.05)
        stop.request()

    asking = threading.Thread(target=ask)
    asking.start()
    assert try_trial(made, stop) is None
    asking.join()
    assert not [each for each in psutil.Process().children(recursive=True) if "sleep" in each.name()]
    assert files(Path(gettempdir())) == set()
