"""Runs whose files cannot be written, in a spec of several studies."""

import re
from pathlib import Path

import pytest

from cli.conftest import Fxai
from small_files import files_of_at_most

CODE = """\
def train(trial):
    for step in (1, 2):
        trial.report(step, trial.params["x"])
    return trial.params["x"]

def fails(trial):
    raise FileNotFoundError(2, "No such file", f"/data/{trial.params['x']}.csv")
"""
SPEC = """\
name: two
studies:
  - {study_name: first, objective: code:train, n_trials: 2, n_jobs: 1, parameters: {x: {type: float, low: 0, high: 1}}}
  - {study_name: second, objective: code:train, n_trials: 2, n_jobs: 1, parameters: {x: {type: float, low: 0, high: 1}}}
"""
DELETES = """\
import shutil
from pathlib import Path

def train(trial):
    if trial.number == 1 and not Path("deleted").exists():
        Path("deleted").touch()
        shutil.rmtree("optuna_results")
    (trial.checkpoint_dir / "model").write_text("m")\
"""
MEGABYTE = 1_000_000  # a page of plots has more


@pytest.fixture
def two(folder: Path) -> Path:
    (folder / "code.py").write_text(CODE)
    (folder / "two.yaml").write_text(SPEC)
    return folder


def test_plots_that_cannot_be_written_end_neither_the_study_nor_the_run(fxai: Fxai, two: Path) -> None:
    with files_of_at_most(MEGABYTE):
        finished = fxai("run", "--spec", "two.yaml", "--results-dir", "elsewhere")
    assert finished.code == 0, finished
    commands = re.findall(r"; run (fxai [^;]*) to write it", " ".join(finished.err.split()))
    assert commands == [
        f"fxai {what} {study} --results-dir elsewhere" for study in ("first", "second") for what in ("plot", "report")
    ]
    for study in ("first", "second"):
        assert (two / "elsewhere" / study / f"{study}_results.json").exists()
        assert not list((two / "elsewhere" / study).glob("*.html"))
    for command in commands:
        assert fxai(*command.split()[1:]).code == 0
    assert (two / "elsewhere" / "second" / "report.html").exists()


def test_results_that_cannot_be_written_are_a_failure_that_a_second_run_mends(fxai: Fxai, two: Path) -> None:
    stopper = two / "optuna_results" / "first" / "first_results.json"
    stopper.mkdir(parents=True)
    finished = fxai("run", "--spec", "two.yaml", "--set", "save_study_plots=false")
    assert finished.code == 1
    assert "run the same command again to write it" in " ".join(finished.err.split())
    assert (two / "optuna_results" / "second" / "second_results.json").is_file(), "it ran all the same"
    stopper.rmdir()
    assert fxai("run", "--spec", "two.yaml", "--set", "save_study_plots=false").code == 0
    assert stopper.is_file()


def test_a_study_of_which_all_trials_fail_ends_early_with_its_cause_and_no_plots(fxai: Fxai, two: Path) -> None:
    (two / "two.yaml").write_text(SPEC.replace("code:train, n_trials: 2", "code:fails, n_trials: 50"))
    finished = fxai("run", "--spec", "two.yaml", "--study", "first", "--storage", "sqlite:///else.db")
    assert finished.code == 1
    assert "10 trials in a row failed with the same message" in finished.out
    assert "Trial 0 failed: FileNotFoundError: [Errno 2] No such file: '/data/0.5.csv'" in finished.out
    (command,) = [line.strip() for line in finished.out.splitlines() if line.startswith("  fxai show")]
    assert command == "fxai show first 0 --storage sqlite:///else.db"
    assert "FileNotFoundError" in fxai(*command.split()[1:]).out
    assert [path.name for path in (two / "optuna_results" / "first").glob("*.html")] == ["report.html"]


def test_a_folder_that_is_deleted_in_mid_run_is_made_again(fxai: Fxai, two: Path) -> None:
    code = CODE.replace("def train(trial):", DELETES)
    (two / "code.py").write_text(code)
    finished = fxai("run", "--spec", "two.yaml", "--study", "first", "--set", "save_study_plots=false")
    assert finished.code == 0, finished
    assert "was deleted while it ran" in finished.out
    assert "failed" not in finished.out.partition("Study Summary")[0]
    assert (two / "optuna_results" / "first" / "spec.yaml").exists()
