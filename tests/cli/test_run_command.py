"""`fxai run` from one command line to its files."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import psutil
import pytest
import yaml

from child_process import ChildProcess
from cli.conftest import SMALL_SPEC, Finished, Fxai, call_fxai
from fxai.search.lock import hold_folder, hold_study
from inline_workers import train_in_this_process

SmallRun = tuple[Path, Finished]


def columns(text: str) -> str:
    """The text with two spaces between columns, however wide they are."""
    return re.sub(" {2,}", "  ", text)


def untimed(text: str) -> str:
    """The text without the time before it."""
    time, text = text.split(" ", 1)
    assert datetime.fromisoformat(time).tzinfo is not None
    return text


def test_a_run_ends_with_summary_parameters_and_files(small_run: SmallRun) -> None:
    folder, finished = small_run
    assert finished.code == 0, finished
    assert finished.err == ""
    lines = finished.out.splitlines()
    assert untimed(lines[0]) == "Study small: maximize mean_reward, 2 trials, 1 worker"
    assert untimed(lines[1]) == "Trial 0 began: training.learning_rate=0.0003"
    assert "Study Summary: small" in lines
    assert "│ Completed trials │ 2 " in finished.out
    assert lines[lines.index("Best parameters:") + 1].startswith("  training.learning_rate: 0.0")
    listed = dict(line.strip().split(": ") for line in lines if line.startswith("  optuna_results"))
    files = [folder / name / file for name, files in listed.items() for file in files.split(", ")]
    assert folder / "optuna_results" / "small" / "best_params.json" in files
    assert folder / "optuna_results" / "index.html" in files
    assert "  fxai verdict small" in lines
    assert lines.index("Files:") < lines.index("Next:") < lines.index("Study Summary: small")
    assert all(path.is_file() for path in files)
    assert any(line.startswith("  fxai show small ") for line in lines)


def test_a_study_that_has_its_trials_runs_none(small_run: SmallRun) -> None:
    folder, _ = small_run
    again = call_fxai(folder, "run", "--spec", "small.yaml", "--n-jobs", "1", "--quiet")
    assert again.code == 0
    assert untimed(again.out).startswith("Study small: nothing to do: 2 of 2 trials are finished\n")
    assert "│ Total trials     │ 2 " in again.out


def test_another_search_space_is_refused_with_the_difference(small_run: SmallRun) -> None:
    folder, _ = small_run
    changed = call_fxai(folder, "--spec", "small.yaml", "--set", "training.gamma=0.9")
    assert changed.code == 2
    assert "training_config.training.gamma: 0.99 -> 0.9" in changed.err


def test_fresh_keeps_the_old_study_and_its_files(small_run: SmallRun, folder: Path) -> None:
    shutil.copytree(small_run[0], folder, dirs_exist_ok=True)
    old = (folder / "optuna_results" / "small" / "best_params.json").read_bytes()
    finished = call_fxai(folder, "--spec", "small.yaml", "--n-jobs", "1", "--fresh", "--timeout", "1e-9")
    assert finished.code == 1  # it ran, and no trial is complete
    assert "the study's timeout of 1e-09 s was reached" in finished.out
    assert (folder / "optuna_results" / "small~1" / "best_params.json").read_bytes() == old
    assert not (folder / "optuna_results" / "small" / "best_params.json").exists()
    studies = json.loads(call_fxai(folder, "status", "--json").out)
    assert [(study["study"], study["complete"], study["archived"]) for study in studies] == [
        ("small~1", 2, True),
        ("small", 0, False),
    ]


def test_a_study_that_another_run_holds(fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(SMALL_SPEC)
    with hold_study("sqlite:///optuna_studies.db", "small", folder):
        before = set(folder.rglob("*"))
        finished = fxai("--spec", "small.yaml")
        assert finished.code == 3
        assert f"process {os.getpid()}" in finished.err
        assert set(folder.rglob("*")) == before


def test_a_results_folder_that_a_run_of_another_database_holds(fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(SMALL_SPEC)
    (folder / "link").symlink_to("optuna_results")
    with hold_folder(folder / "optuna_results" / "small"):
        for place in ("optuna_results", "link", str(folder / "link")):
            finished = fxai("--spec", "small.yaml", "--storage", "sqlite:///other.db", "--results-dir", place)
            assert finished.code == 3
            assert f"holds the results folder {place}/small" in finished.err
        assert not (folder / "other.db").exists()
        with hold_study("sqlite:///other.db", "small", folder):
            pass  # the refused run has let go of its database


def test_a_dry_run_shows_the_plan_and_writes_nothing(fxai: Fxai, folder: Path) -> None:
    plan = fxai("run", "--dry-run", "--n-trials", "7", "--n-jobs", "-1", "--set", "training.total_updates=3")
    assert plan.code == 0
    assert "Study: fx_ai_quick" in plan.out
    assert "Trials  7 in total\n" in columns(plan.out)
    assert "3 updates of ppo" in plan.out
    assert "  training.learning_rate  " in plan.out
    assert plan.out.endswith("Nothing was started or written.\n")
    assert not list(folder.iterdir())


def test_a_dry_run_shows_seeds_and_lanes(fxai: Fxai) -> None:
    plan = fxai("run", "--dry-run", "--set", "seeds_per_trial=1")
    assert "\nSeeds  1 per trial\n" in columns(plan.out)
    assert "\nLanes  measured\n" in columns(plan.out)
    plan = fxai("run", "--dry-run", "--set", "seeds_per_trial=4", "--set", "resources.lanes_per_worker=8")
    assert "\nSeeds  4 per trial; a trial's value is their mean, with its standard error\n" in columns(plan.out)
    assert "\nLanes  8 per worker\n" in columns(plan.out)


def test_a_dry_run_shows_what_follows_the_search(fxai: Fxai) -> None:
    plan = columns(fxai("run", "--dry-run", "--set", "confirm.budget=0.5", "--set", "verdict.neighbours=0").out)
    assert "each on at most 16 fresh seeds; at most 50 % of the search's steps\n" in plan
    assert "\nVerdict  8 agents each of the best trial and of trial 0, on the test split\n" in plan
    plan = columns(fxai("run", "--dry-run", "--set", "confirm=off", "--set", "verdict=off").out)
    assert "\nConfirmation" not in plan
    assert "\nVerdict" not in plan


@train_in_this_process()
def test_a_run_over_several_seeds_ends_with_the_standard_error(fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(SMALL_SPEC)
    settings = ("--set", "seeds_per_trial=2", "--set", "resources.lanes_per_worker=4")
    finished = fxai("--spec", "small.yaml", "--n-jobs", "1", *settings)
    assert finished.code == 0, finished
    assert re.search(r"│ Best value +│ \S+ ± \S+ │", finished.out)
    assert len(re.findall(r"^\S+ Trial \d complete: \S+ ± \S+ in ", finished.out, re.MULTILINE)) == 2
    assert "The agent is the committee of the trial's 2 seeds." in finished.out
    (command,) = [line.split() for line in finished.out.splitlines() if line.startswith("  fxai evaluate ")]
    assert fxai(*command[1:]).code == 0


def test_a_study_is_found_across_the_shipped_specs(fxai: Fxai) -> None:
    assert "Study: fx_ai_comprehensive" in fxai("--study", "fx_ai_comprehensive", "--dry-run").out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_in_good_order(folder: Path, number: signal.Signals) -> None:
    """Ctrl-C reaches the parent only. Slurm sends SIGTERM to all processes of a job."""
    (folder / "small.yaml").write_text(SMALL_SPEC)
    arguments = ("--spec", "small.yaml", "--n-jobs", "1", "--n-trials", "1000")
    program = [sys.executable, "-c", "from fxai.cli.app import main; main()", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with ChildProcess(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout is not None
        first = next(line for line in run.stdout if "complete" in line)
        parent = psutil.Process(run.pid)
        for process in (parent, *(parent.children(recursive=True) if number == signal.SIGTERM else ())):
            process.send_signal(number)
        out, err = run.communicate()
    assert run.returncode == 130, (first, out, err)
    assert err == ""
    assert "Interrupted: no new trials" in out
    assert "is replaced" not in out, "no worker is lost"
    assert "Study Summary: small" in out
    assert (folder / "optuna_results" / "small" / "small_results.json").is_file()


def test_a_class_that_cannot_be_imported_stops_it_before_anything_is_written(fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(SMALL_SPEC)
    for more in ((), ("--dry-run",)):
        finished = fxai("run", "--spec", "small.yaml", "--set", "sampler=no_such_module:Sampler", *more)
        assert finished.code == 2
        assert finished.err.count("\n") == 1
        assert "no_such_module:Sampler cannot be imported" in finished.err
        assert [path.name for path in folder.iterdir()] == ["small.yaml"]


def test_a_preset_is_shown_by_a_dry_run_and_gives_way_to_flags(fxai: Fxai) -> None:
    plan = fxai("run", "--dry-run", "--preset", "extensive", "--n-trials", "7", "--set", "sampler=qmc")
    assert "Trials  7 in total\n" in columns(plan.out)
    assert "Preset  extensive\nSearch  populations of 20, compared every 5 updates; the worst 25 %" in columns(plan.out)
    assert "Sampler  QMCSampler(" in columns(plan.out)
    refused = fxai("run", "--dry-run", "--preset", "standrd")
    assert refused.code == 2
    assert "command line: --preset: there is no preset 'standrd'; did you mean 'standard'?" in refused.err


@train_in_this_process()
def test_window_features_and_layers_are_searched(fxai: Fxai, folder: Path) -> None:
    wide = """\
      - {name: env.observation_window, type: choice, values: [1, 4]}
      - {name: data.features.volatility_windows, type: choice, values: [[24], [24, 240], []]}
      - {name: data.features.time, type: choice, values: [true, false]}
      - {name: model.widths.0, type: randint, low: 4, high: 8}
      - {name: model.widths.1, type: choice, values: [3, 5]}
"""
    text = SMALL_SPEC.replace("{d_model: 8, n_layers: 1}", "{widths: [8, 5]}")
    (folder / "small.yaml").write_text(text.replace("    training_config:", wide + "    training_config:"))
    finished = fxai("run", "--spec", "small.yaml", "--n-jobs", "1", "--n-trials", "6", "--quiet")
    assert finished.code == 0, finished
    best = yaml.safe_load((folder / "optuna_results" / "small" / "small_best_config.yaml").read_text())
    params = json.loads((folder / "optuna_results" / "small" / "best_params.json").read_text())["params"]
    config = best["training_config"]
    assert config["data"]["features"]["volatility_windows"] == json.loads(params["data.features.volatility_windows"])
    assert config["model"]["widths"] == [params["model.widths.0"], params["model.widths.1"]]
    trained = fxai("train", "optuna_results/small/small_best_config.yaml")
    assert trained.code == 0, trained
    assert f"{best['value']:.4g}" in trained.out
