"""A search with folds from its spec to its files."""

import json
from pathlib import Path

import pytest

from cli.conftest import SMALL_SPEC, Fxai
from fxai.protocol import STANDARD_ERROR
from fxai.search.studies import load_study

pytestmark = pytest.mark.usefixtures("inline_workers")

SCHEMES = {
    "rolling": "{walk_forward: {folds: 3}}",
    "anchored": "{walk_forward: {folds: 3, scheme: anchored}}",
    "combinatorial": "{combinatorial: {groups: 4}}",
}


def spec_of(validation: str) -> str:
    return f"{SMALL_SPEC}    validation: {validation}\n"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_search_with_folds(scheme: str, fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(spec_of(SCHEMES[scheme]))
    assert fxai("check", "small.yaml").code == 0
    finished = fxai("run", "--spec", "small.yaml", "--n-jobs", "1", "--quiet")
    assert finished.code == 0, finished
    trials = load_study("sqlite:///optuna_studies.db", "small").trials
    assert [trial.state.name for trial in trials] == ["COMPLETE", "COMPLETE"]
    assert all(trial.user_attrs[STANDARD_ERROR] > 0 for trial in trials)
    again = fxai("run", "--spec", "small.yaml", "--n-trials", "3", "--n-jobs", "1", "--quiet")
    assert again.code == 0, again
    agent = folder / "optuna_results" / "small" / "best_agent.safetensors"
    trained = fxai("train", str(agent.with_name("small_best_config.yaml")), "--output", "trained", "--quiet")
    assert trained.code == 0, trained
    assert (folder / "trained" / "agent.safetensors").read_bytes() == agent.read_bytes()
    evaluated = fxai("evaluate", str(agent), "--json")
    assert evaluated.code == 0, evaluated
    assert json.loads(evaluated.out)["split"] == "validation"
    assert fxai("report", "small").code == 0
    page = (folder / "optuna_results" / "small" / "report.html").read_text()
    assert "Out of sample: trial" in page
    assert ("paths has every group of bars once" in page) == (scheme == "combinatorial")


def test_other_folds_are_another_study(fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(spec_of(SCHEMES["rolling"]))
    assert fxai("run", "--spec", "small.yaml", "--n-trials", "1", "--n-jobs", "1", "--quiet").code == 0
    (folder / "small.yaml").write_text(spec_of("{walk_forward: {folds: 4}}"))
    refused = fxai("run", "--spec", "small.yaml", "--quiet")
    assert refused.code == 2
    assert "training_config.data.split.walk_forward.folds: 3 -> 4" in refused.err


def test_too_few_bars_for_the_folds_are_found_before_a_trial(fxai: Fxai, folder: Path) -> None:
    (folder / "small.yaml").write_text(spec_of("{walk_forward: {folds: 60}}"))
    for command in (("check", "small.yaml"), ("run", "--spec", "small.yaml", "--quiet")):
        finished = fxai(*command)
        assert finished.code == 2
        assert "60 folds after a purge of 127 bars need 2047 bars" in finished.err
    assert not (folder / "optuna_studies.db").exists()
