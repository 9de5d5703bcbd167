"""`--notify` of `run`: what the command is told after an end, a failure and an interruption."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.conftest import Finished, Fxai
from fxai.cli.notifying import notifying
from fxai.errors import StudyHeldError
from fxai.study.study_note import StudyNote

SPEC = """\
name: told
save_study_plots: false
studies:
  - study_name: told
    n_trials: 2
    objective: {command: [sh, -c, 'echo "{\\"step\\": 1, \\"value\\": $FXAI_PARAM_X}" > $FXAI_REPORTS']}
    parameters: {x: {type: uniform, low: 0, high: 1}}
  - study_name: failing
    n_trials: 1
    objective: {command: [sh, -c, 'exit 3']}
    parameters: {x: {type: uniform, low: 0, high: 1}}
"""
TELL = "tee told.json"


def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("told.json").read_text())
    return found


def test_the_summary_of_a_run(fxai: Fxai, folder: Path) -> None:
    Path("told.yaml").write_text(SPEC)
    finished = fxai("run", "told.yaml", "--study", "told", "--n-jobs", "1", "-q", "--notify", TELL)
    assert finished.code == 0, finished
    summary = told()
    assert [summary[key] for key in ("command", "state", "reason", "exit_code")] == ["run", "finished", None, 0]
    assert summary["start"] <= summary["end"]
    (study,) = summary["studies"]
    best = json.loads(fxai("best", "told", "--json").out)
    assert (study["study"], study["state"], study["reason"], study["target"]) == ("told", "finished", None, 2)
    assert (study["best_value"], study["best_trial"]) == (best["best_value"], best["best_trial"])
    assert (study["complete"], study["verdict"], study["agent"]) == (2, None, None)
    assert study["folder"] == str(folder / "optuna_results" / "told")
    assert Path(study["config"]).is_file()


def test_several_studies_are_told_once(fxai: Fxai) -> None:
    Path("told.yaml").write_text(SPEC)
    finished = fxai("run", "told.yaml", "--n-jobs", "1", "-q", "--notify", "sh -c 'cat >> told.json'")
    assert finished.code == 1
    summary = told()
    assert (summary["state"], summary["reason"], summary["exit_code"]) == ("failed", "no trial is complete", 1)
    assert [each["state"] for each in summary["studies"]] == ["finished", "failed"]


def test_an_error_before_the_first_study_is_told(fxai: Fxai) -> None:
    finished = fxai("run", "missing.yaml", "--notify", TELL)
    assert finished.code == 2
    summary = told()
    assert (summary["state"], summary["exit_code"], summary["studies"]) == ("failed", 2, [])
    assert "missing.yaml" in summary["reason"]


def test_a_dry_run_tells_nothing(fxai: Fxai) -> None:
    Path("told.yaml").write_text(SPEC)
    assert fxai("run", "told.yaml", "--dry-run", "--notify", TELL).code == 0
    assert not Path("told.json").exists()


def test_a_command_that_fails_is_one_warning(fxai: Fxai, small_run: tuple[Path, Finished], folder: Path) -> None:
    shutil.copytree(small_run[0], folder, dirs_exist_ok=True)
    finished = fxai("run", "small.yaml", "--n-jobs", "1", "-q", "--notify", "sh -c 'exit 7'")
    assert finished.code == 0
    assert finished.err == "Warning: --notify: sh exited with 7. The result of this command is unchanged.\n"


def test_a_program_that_is_missing_is_refused_before_the_run(fxai: Fxai, folder: Path) -> None:
    Path("told.yaml").write_text(SPEC)
    finished = fxai("run", "told.yaml", "--notify", "no-such-program")
    assert finished.code == 2
    assert finished.err.startswith("Error: --notify: there is no program 'no-such-program'")
    assert [path.name for path in folder.iterdir()] == ["told.yaml"]


@pytest.mark.parametrize(
    ("error", "state", "code", "reason"),
    [
        (typer.Exit(130), "interrupted", 130, "interrupted with 2 trials left"),
        (KeyboardInterrupt(), "interrupted", 130, "interrupted"),
        (StudyHeldError("another run holds it"), "failed", 3, "another run holds it"),
        (OSError(28, "No space left on device", "file"), "failed", 1, "No space left on device"),
        (ValueError("a bug"), "failed", 1, "a bug"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
@pytest.mark.usefixtures("folder")
def test_any_end_is_told_and_stays_as_it_is(error: BaseException, state: str, code: int, reason: str) -> None:
    with pytest.raises(type(error)) as ended, notifying(TELL, "run") as notes:  # noqa: PT012
        notes.studies.append(StudyNote("s", "interrupted", "interrupted with 2 trials left"))
        raise error
    assert ended.value is error
    summary = told()
    assert (summary["state"], summary["exit_code"]) == (state, code)
    assert reason in summary["reason"]
