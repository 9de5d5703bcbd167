"""A run with the defaults: search, confirmation, verdict, report."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import SMALL_SPEC, Finished, call_fxai
from fxai.evaluation.verdict_word import VerdictWord
from fxai.metric_text import number_text
from fxai.results.study_verdict import read_study_verdict
from fxai.search.studies import load_study

SPEC = (
    SMALL_SPEC.replace("    confirm: off\n    verdict: off\n", "")
    .replace("n_trials: 2", "n_trials: 14\n    resources: {lanes_per_worker: 8}\n    pruner: {type: NopPruner}")
    .replace("save_study_plots: false\n", "")
)
assert "confirm" not in SPEC


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A folder in which the spec was run, and how that ended."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "small.yaml").write_text(SPEC)
    return folder, call_fxai(folder, "run", "small.yaml", "--n-jobs", "1")


def best_params(folder: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "optuna_results" / "small" / "best_params.json").read_text())
    return found


def values_of(folder: Path) -> list[tuple[float | None, dict[str, Any]]]:
    stored = load_study(f"sqlite:///{folder / 'optuna_studies.db'}", "small")
    return [(trial.value, trial.params) for trial in stored.trials]


def test_a_run_ends_with_a_confirmation_and_a_verdict(whole: tuple[Path, Finished]) -> None:
    folder, finished = whole
    assert finished.code == 0, finished
    assert not finished.err
    out = finished.out
    assert "After the search: confirm (the best trials on fresh seeds), verdict" in out
    found = read_study_verdict(folder / "optuna_results" / "small" / "verdict.json")
    assert found is not None
    best = best_params(folder)
    assert found.trial == best["trial"] == best["confirmed"]["trial"]
    lines = (
        "Confirmation: 2 candidates train again on fresh seeds, in at most 4 trainings.",
        f"Confirmation: trial {best['trial']} is chosen",
        "agents of trial",
        "Writing the study's files and plots",
        f"Verdict on {found.verdict.bars:,} bars: {found.verdict.word}",
    )
    places = [out.find(line) for line in lines]
    assert -1 not in places, (lines, out)
    assert places == sorted(places)
    assert "Verdict on" in (folder / "optuna_results" / "small" / "report.html").read_text()


def test_the_spec_as_it_ran_has_the_settings(whole: tuple[Path, Finished]) -> None:
    written = (whole[0] / "optuna_results" / "small" / "spec.yaml").read_text()
    assert "confirm:\n    candidates: 8\n" in written
    assert "verdict:\n    seeds: 8\n" in written


def test_a_second_run_trains_nothing_and_turning_both_off_goes_back(
    whole: tuple[Path, Finished], tmp_path: Path
) -> None:
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True)
    trainings = sorted((tmp_path / "optuna_results" / "small").rglob("seed-*/*.safetensors"))
    before = [path.stat().st_mtime_ns for path in trainings]
    required = ("--set", "save_study_plots=false", "--require", "better")
    again = call_fxai(tmp_path, "run", "small.yaml", "--n-jobs", "1", *required)
    assert again.code == int(VerdictWord.BETTER not in again.out), again
    assert "train again" not in again.out
    assert "fxai verdict" not in again.out
    assert [path.stat().st_mtime_ns for path in trainings] == before
    assert best_params(tmp_path)["confirmed"] == best_params(whole[0])["confirmed"]
    off = ("--set", "confirm=off", "--set", "verdict=off", "--set", "save_study_plots=false")
    without = call_fxai(tmp_path, "run", "small.yaml", "--n-jobs", "1", *off)
    assert without.code == 0, without
    assert "confirmed" not in best_params(tmp_path)
    assert "After the search" not in without.out
    assert values_of(tmp_path) == values_of(whole[0])


def test_a_confirmation_and_a_verdict_that_are_impossible_are_warnings(
    whole: tuple[Path, Finished], tmp_path: Path
) -> None:
    """The files of fresh trainings cannot be written, as on a full disk."""
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "optuna_results" / "small"
    for name in ("confirmation", "verdict"):
        shutil.rmtree(folder / name)
        (folder / name).write_text("no folder")
    (folder / "verdict.json").unlink()
    again = call_fxai(tmp_path, "run", "small.yaml", "--n-jobs", "1", "--set", "save_study_plots=false", "--quiet")
    assert again.code == 0, again
    assert "The confirmation stopped: " in again.err
    assert "The committees of the verdict could not be trained: " in again.err
    assert "Traceback" not in again.err
    assert not (folder / "verdict.json").exists()
    assert values_of(tmp_path) == values_of(whole[0])


def test_a_search_that_is_too_short_is_not_confirmed(whole: tuple[Path, Finished], tmp_path: Path) -> None:
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True)
    settings = ("--set", "confirm.budget=0.01", "--set", "verdict=off", "--set", "save_study_plots=false")
    finished = call_fxai(tmp_path, "run", "small.yaml", "--n-jobs", "1", *settings)
    assert finished.code == 0, finished
    assert not finished.err
    assert "Confirmation: left out, because the search is too short. confirm.budget allows 4 " in finished.out
    assert "confirmed" not in best_params(tmp_path)


def test_status_has_the_value_on_fresh_seeds(whole: tuple[Path, Finished]) -> None:
    folder, _ = whole
    (listed,) = json.loads(call_fxai(folder, "status", "--json").out)
    best = best_params(folder)
    assert (listed["best_value"], listed["confirmed_value"]) == (best["value"], best["confirmed"]["value"])
    row = next(line for line in call_fxai(folder, "status").out.splitlines() if "small" in line)
    assert number_text(best["metric"], best["confirmed"]["value"], trading=True) in row
