"""The example specs run, and what they store keeps to their conditions and constraints."""

from pathlib import Path

import pytest

from cli.conftest import call_fxai
from fxai.search import attributes
from fxai.search.studies import load_study
from fxai.spec.advice import advice
from fxai.spec.conditions import walk
from fxai.spec.configure import config_values
from fxai.spec.feasibility import broken
from fxai.spec.find_spec import config_directory
from fxai.spec.load import load_spec

EXAMPLES = sorted((config_directory() / "optuna" / "examples").glob("*.yaml"))
SHORT = (
    "training.total_updates=2",
    "training.eval_frequency=1",
    "n_trials=10",
    "n_jobs=1",
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_trains_only_what_it_may(path: Path, tmp_path: Path) -> None:
    settings = [word for setting in SHORT for word in ("--set", setting)]
    finished = call_fxai(tmp_path, "run", "--spec", f"examples/{path.stem}", "--quiet", *settings)
    assert finished.code == 0, finished
    (study,) = load_spec(path).studies
    stored = load_study(f"sqlite:///{tmp_path / 'optuna_studies.db'}", study.study_name)
    trained = [trial for trial in stored.trials if attributes.INFEASIBLE not in trial.user_attrs]
    assert len(trained) == 10
    values = config_values(study)
    for trial in trained:
        assert not broken(study, trial.params)
        existing = walk(study.parameters, values, lambda each, params=trial.params: params[each.name])
        assert existing == trial.params


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_sound_and_wise(path: Path) -> None:
    assert [line for study in load_spec(path).studies for line in advice(study)] == []
