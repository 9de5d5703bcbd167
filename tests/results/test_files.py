import json
import math
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.files import write_results
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.training.best_config import load_best_config
from fxai.search import attributes
from fxai.spec.search.study import StudySpec
from results.conftest import drawn_trial


@pytest.fixture
def paths(tmp_path: Path) -> StudyPaths:
    return StudyPaths(tmp_path, "fx_ai_quick")


@pytest.fixture
def provenance(spec: StudySpec) -> Provenance:
    return Provenance.of(spec, data_hash="d" * 64)


def test_a_study_with_a_best_trial_leaves_three_files(
    study: optuna.Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance
):
    written = write_results(study, spec, paths, provenance)
    assert set(written) == {paths.results, paths.best_params, paths.best_config}
    assert {path for path in paths.directory.iterdir() if path.is_file()} == set(written)
    best = json.loads(paths.best_params.read_text())
    assert best["params"] == study.best_params
    assert (best["trial"], best["value"]) == (study.best_trial.number, study.best_value)
    assert best["standard_error"] is None
    assert best["provenance"] == provenance.as_json()


def test_both_parts_of_the_standard_error_are_in_the_files(
    study: optuna.Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance
):
    errors = {STANDARD_ERROR: 0.5, SEED_ERROR: 0.3, MARKET_ERROR: 0.4}
    trial = drawn_trial(26, value=9.0)
    trial.user_attrs |= errors
    study.add_trial(trial)
    write_results(study, spec, paths, provenance)
    results, best = json.loads(paths.results.read_text()), json.loads(paths.best_params.read_text())
    for written in (results["summary"], results["trials"][26], best):
        assert errors.items() <= written.items()


def test_all_trials_are_in_the_results(study: optuna.Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance):
    write_results(study, spec, paths, provenance)
    results = json.loads(paths.results.read_text())
    assert [trial["number"] for trial in results["trials"]] == list(range(26))
    for written, held in zip(results["trials"], study.trials, strict=True):
        assert written["params"] == held.params
        assert written["reports"] == {str(step): value for step, value in held.intermediate_values.items()}
        assert written["state"] == held.state.name.lower()
    assert results["summary"]["trials"]["completed"] == 20


def test_without_a_completed_trial_only_the_results_are_written(
    empty_study: optuna.Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance
):
    empty_study.tell(empty_study.ask(), state=TrialState.FAIL)
    assert write_results(empty_study, spec, paths, provenance) == (paths.results,)
    assert [path.name for path in paths.directory.iterdir()] == ["fx_ai_quick_results.json"]


def test_a_report_of_nan_becomes_null(
    empty_study: optuna.Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance
):
    trial = empty_study.ask()
    trial.report(math.nan, 10)
    empty_study.tell(trial, state=TrialState.FAIL)
    write_results(empty_study, spec, paths, provenance)
    assert json.loads(paths.results.read_text())["trials"][0]["reports"] == {"10": None}


def test_written_again_the_files_follow_the_study(
    study: optuna.Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance
):
    write_results(study, spec, paths, provenance)
    better = optuna.trial.create_trial(
        user_attrs={attributes.SEED: 7},
        value=99.0,
        params=study.best_params,
        distributions=study.best_trial.distributions,
    )
    study.add_trial(better)
    write_results(study, spec, paths, provenance)
    assert json.loads(paths.best_params.read_text())["trial"] == 26
    assert load_best_config(paths.best_config).trial == 26
