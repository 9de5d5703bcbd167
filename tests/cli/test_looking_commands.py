"""`status`, `best`, `results`, `show`: what they say of a stored study, for people and as JSON."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from cli.conftest import Fxai

GUIDE_TABLE = """\
Study Summary: mine
┌───────────────────┬──────────┐
│ Metric            │ Value    │
├───────────────────┼──────────┤
│ Best value        │ 0.75     │
│ Best trial        │ 3        │
│ Total trials      │ 5        │
│ Completed trials  │ 2        │
│ Pruned trials     │ 1        │
│ Failed trials     │ 1        │
│ Unfinished trials │ 1        │
└───────────────────┴──────────┘

Best parameters:
  training.gamma: 0.9"""


@pytest.mark.parametrize("arguments", [("best",), ("--show-best",)])
def test_best_is_the_guides_summary(fxai: Fxai, stored_study: str, arguments: tuple[str, ...]) -> None:
    finished = fxai(*arguments, stored_study)
    assert finished.code == 0
    assert finished.out.startswith(GUIDE_TABLE)


def test_best_as_json(fxai: Fxai, stored_study: str) -> None:
    best = json.loads(fxai("best", stored_study, "--json").out)
    assert (best["best_trial"], best["best_value"]) == (3, 0.75)
    assert 0.9 <= best["best_params"]["training.gamma"] <= 0.99


def test_status_counts(fxai: Fxai, stored_study: str) -> None:
    row = next(line for line in fxai("status").out.splitlines() if stored_study in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["mine", "0.75", "3", "2", "1", "1", "1"]


def test_status_as_json(fxai: Fxai, stored_study: str) -> None:
    assert json.loads(fxai("status", "--json").out) == [
        {
            "study": "mine",
            "metric": "mean_reward",
            "direction": "maximize",
            "archived": False,
            "best_value": 0.75,
            "error": None,
            "confirmed_value": None,
            "confirmed_error": None,
            "best_trial": 3,
            "target": 5,
            "complete": 2,
            "pruned": 1,
            "failed": 1,
            "unfinished": 1,
            "ended_by": None,
            "verdict": None,
            "state": None,
            "pid": None,
            "host": None,
            "start": None,
            "end": None,
            "reason": None,
        }
    ]


def test_status_as_json_has_the_error_of_the_best_value(fxai: Fxai, study_of_seeds: str) -> None:
    (row,) = json.loads(fxai("status", "--json").out)
    assert (row["study"], row["best_value"], row["error"]) == (study_of_seeds, 0.0034217, 0.00021345)


def test_results_lead_with_the_best(fxai: Fxai, stored_study: str) -> None:
    out = fxai("results", stored_study).out
    assert out.startswith(GUIDE_TABLE)
    leaders = out[out.index("Leading trials:") :]
    assert leaders.index("│ 3 ") < leaders.index("│ 0 ")


def test_results_of_all_studies_and_their_files(fxai: Fxai, folder: Path, stored_study: str) -> None:
    file = folder / "optuna_results" / "mine" / "best_params.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert "  optuna_results/mine: best_params.json" in fxai("--show-results").out.splitlines()
    (of_mine,) = json.loads(fxai("results", "--json").out)
    assert of_mine["summary"]["study"] == "mine"
    assert of_mine["files"] == ["optuna_results/mine/best_params.json"]
    assert [trial["state"] for trial in of_mine["trials"]] == ["complete", "fail", "pruned", "complete", "running"]


def test_show_a_failed_trial(fxai: Fxai, folder: Path, stored_study: str) -> None:
    log = folder / "optuna_results" / "mine" / "trials" / "00001" / "trial.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number} \x1b[31m\n" for number in range(300)))
    out = fxai("show", stored_study, "1").out
    assert out.startswith("Trial 1 of mine: fail after 3.0s\n")
    assert "  training.gamma: 0.9" in out
    assert "  step 10: 0.25" in out
    assert "Failure (out of memory): CUDA out of memory\nTraceback (most recent call last):\n  boom\n" in out
    assert "last 200 of 300 lines" in out
    assert "  line 299 " in out
    assert "  line 99 " not in out
    assert "\x1b" not in out


def test_show_a_complete_trial(fxai: Fxai, stored_study: str) -> None:
    out = fxai("show", stored_study, "0").out
    assert "\nmean_reward: 0.25\n" in out
    assert "  sharpe: 1.5" in out
    assert "Failure" not in out
    assert "Log" not in out


def test_show_names_where_the_log_of_a_failed_trial_is_missing(fxai: Fxai, stored_study: str) -> None:
    assert "No log at optuna_results/mine/trials/00001/trial.log" in fxai("show", stored_study, "1").out


def test_a_value_over_several_seeds_has_its_standard_error(fxai: Fxai, study_of_seeds: str) -> None:
    value = "0.00342 ± 0.00021"
    assert f"│ Best value       │ {value} │" in fxai("best", study_of_seeds).out
    out = fxai("results", study_of_seeds).out
    assert out.count(value) == 2  # in the summary and among the leading trials
    assert "0.00100 ± 0.00050" in out
    assert f"\nmean_reward: {value}\n" in fxai("show", study_of_seeds, "1").out
    for command in (("best",), ("results",), ("show", "1")):
        out = fxai(command[0], study_of_seeds, *command[1:]).out
        assert out.count("± is one standard error") == 1, command


def test_the_standard_error_as_json(fxai: Fxai, study_of_seeds: str, stored_study: str) -> None:
    assert json.loads(fxai("best", study_of_seeds, "--json").out)["standard_error"] == 0.00021345
    assert json.loads(fxai("show", study_of_seeds, "0", "--json").out)["standard_error"] == 0.0005
    (of_seeds,) = json.loads(fxai("results", study_of_seeds, "--json").out)
    assert [trial["standard_error"] for trial in of_seeds["trials"]] == [0.0005, 0.00021345, None]
    assert json.loads(fxai("best", stored_study, "--json").out)["standard_error"] is None


def test_show_as_json(fxai: Fxai, stored_study: str) -> None:
    trial = json.loads(fxai("show", stored_study, "1", "--json").out)
    assert trial["failure"] == {"cause": "out of memory", "message": "CUDA out of memory"}
    assert trial["traceback"].endswith("boom")
    assert trial["log"] is None


@pytest.mark.parametrize("command", [("best",), ("results",), ("show",)])
def test_a_study_that_is_not_there(fxai: Fxai, stored_study: str, command: tuple[str, ...]) -> None:
    finished = fxai(*command, "fx_ai_quick", *(("0",) if command == ("show",) else ()))
    assert finished.code == 2
    assert "'fx_ai_quick'" in finished.err
    assert stored_study in finished.err  # those that are there


def test_a_trial_that_is_not_there(fxai: Fxai, stored_study: str) -> None:
    finished = fxai("show", stored_study, "5")
    assert finished.code == 2
    assert finished.err == "Error: Study 'mine' has no trial 5: its trials are 0 to 4\n"


def test_commands_that_show_results_write_nothing(fxai: Fxai, folder: Path, stored_study: str) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for command in (("status",), ("best", stored_study), ("results",), ("show", stored_study, "0")):
        assert fxai(*command).code == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_names_of_other_programs_are_listed_and_marked(folder: Path, fxai: Fxai, stored_study: str) -> None:
    optuna.create_study(study_name="a/b", storage="sqlite:///optuna_studies.db")
    listed = fxai("results")
    assert listed.code == 0
    assert f"Study Summary: {stored_study}" in listed.out
    assert "Study Summary: a/b" in listed.out
    assert "Files: none; the study name 'a/b' cannot name a results folder" in listed.out
    for command in (("best", "a/b"), ("results", "a/b"), ("analysis", "a/b"), ("compare", "a/b", stored_study)):
        assert fxai(*command).code == 0
    for command in (("report", "a/b"), ("plot", "a/b"), ("export", "a/b")):
        refused = fxai(*command)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "cannot name a results folder: it contains a path separator" in refused.err


def test_damaged_study_is_marked_and_the_others_are_shown(folder: Path, fxai: Fxai, stored_study: str) -> None:
    optuna.create_study(study_name="plain", storage="sqlite:///optuna_studies.db")
    with closing(sqlite3.connect(folder / "optuna_studies.db")) as connection, connection:
        connection.execute("UPDATE study_user_attributes SET value_json = '{' WHERE study_id = 1")
    status = fxai("status")
    assert status.code == 0
    assert re.search(r"mine +│ damaged", status.out)
    assert "plain" in status.out
    assert "cannot read the study 'mine'" in status.err
    assert [each.get("fault", "") != "" for each in json.loads(fxai("status", "--json").out)] == [True, False]
    listed = fxai("results")
    assert listed.code == 0
    assert "Study Summary: plain" in listed.out
    assert "Warning: skipped: cannot read the study 'mine'" in listed.err
    for command in (("best", "mine"), ("show", "mine", "0"), ("report", "mine"), ("analysis", "mine")):
        refused = fxai(*command)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "cannot read the study 'mine'" in refused.err


def test_names_that_no_file_can_have(fxai: Fxai) -> None:
    name = "x" * 5000
    for command in (
        ("check", name),
        ("run", "--spec", name),
        ("run", "--study", name),
        ("status", "--storage", f"sqlite:///{name}"),
        ("data", "describe", name),
        ("train", name),
        ("evaluate", name),
        ("report", name),
    ):
        refused = fxai(*command)
        assert refused.code == 2
        assert refused.err.startswith("Error: ")
        assert refused.err.count("\n") <= 10
        assert len(refused.err) < 2000
