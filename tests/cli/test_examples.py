"""The example specs run, and what they store keeps to their conditions and constraints."""

from pathlib import Path
from typing import Any

import pytest

from cli.conftest import call_fxai
from fxai.search import attributes
from fxai.search.studies import load_study
from fxai.spec.checks.advice import advice
from fxai.spec.checks.feasibility import violated_constraints
from fxai.spec.reading.find_spec import config_directory
from fxai.spec.reading.load import load_spec
from fxai.spec.search.conditions import active_params
from fxai.spec.search.configure import config_values
from inline_workers import train_in_this_process

EXAMPLES = sorted((config_directory() / "optuna" / "examples").glob("*.yaml"))
SHORT = (
    "training.total_updates=2",
    "training.eval_frequency=1",
    "n_trials=6",
    "n_jobs=1",
    "save_study_plots=false",
    "confirm=off",
    "verdict=off",
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@train_in_this_process()
def test_an_example_runs_and_trains_only_what_it_may(path: Path, tmp_path: Path) -> None:
    settings = [word for setting in SHORT for word in ("--set", setting)]
    finished = call_fxai(tmp_path, "run", "--spec", f"examples/{path.stem}", "--quiet", *settings)
    assert finished.code == 0, finished
    (study,) = load_spec(path).studies
    stored = load_study(f"sqlite:///{tmp_path / 'optuna_studies.db'}", study.study_name)
    trained = [trial for trial in stored.trials if attributes.INFEASIBLE not in trial.user_attrs]
    assert len(trained) == 6
    values = config_values(study)
    for trial in trained:
        assert not violated_constraints(study, trial.params)
        params: dict[str, Any] = trial.params
        existing = active_params(study.parameters, values, lambda each: params[each.name])  # noqa: B023 - used at once
        assert existing == trial.params


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_sound_and_wise(path: Path) -> None:
    assert [line for study in load_spec(path).studies for line in advice(study)] == []


OWN_CODE = {  # trials, workers, a setting that makes trials short
    "scikit_learn": ("6", "2", "epochs=3"),
    "stable_baselines3": ("1", "1", "steps=6"),
    "shell_script": ("6", "2", "seed=1"),
    "argparse_script": ("6", "2", "seed=1"),
}


@pytest.mark.parametrize("name", OWN_CODE)
def test_an_example_of_own_code_runs(name: str, tmp_path: Path) -> None:
    n_trials, n_jobs, shorter = OWN_CODE[name]
    settings = (
        "--set",
        "save_study_plots=false",
        "--set",
        shorter,
        "--n-trials",
        n_trials,
        "--n-jobs",
        n_jobs,
        "--set",
        "pruner.n_startup_trials=2",
    )
    finished = call_fxai(tmp_path, "run", "--spec", f"examples/own_code/{name}", "--quiet", *settings)
    assert finished.code == 0, finished
    stored = load_study(f"sqlite:///{tmp_path / 'optuna_studies.db'}", f"example_{name}")
    assert len(stored.trials) == int(n_trials)
    assert {trial.state.name for trial in stored.trials} <= {"COMPLETE", "PRUNED"}
    assert all(trial.intermediate_values for trial in stored.trials)
    assert stored.metric_names is not None
    assert not {"mean_reward", "value"} & {*stored.metric_names}


def test_every_example_of_own_code_is_run_and_wise() -> None:
    folder = config_directory() / "optuna" / "examples" / "own_code"
    assert {path.stem for path in folder.glob("*.yaml")} == set(OWN_CODE)
    for path in folder.glob("*.yaml"):
        assert [line for study in load_spec(path).studies for line in advice(study)] == []
