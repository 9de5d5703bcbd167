"""The contest's snippets for Task 2 as one script with small sizes, and the names behind them."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from fxai import HPOConfig, Task2HPOOptimizer, Task2HPOSearchSpace
from fxai.errors import InputError
from fxai.search.studies import study_names
from signal_story import write_signal_story

pytestmark = pytest.mark.usefixtures("inline_workers")

SMALL = {
    "data.source": "prices.csv",
    "news.file": "news.csv",
    "model.path": "./model",
    "training.batch_size": 1,
    "training.eval_frequency": 100,
    "confirm": "off",
    "verdict": "off",
}

SNIPPETS = """
import optuna
import plotly

from fxai import HPOConfig, create_sqlite_storage

# Create custom configuration
custom_config = HPOConfig(
    study_name="custom_optimization",
    n_trials=50,
    timeout=7200,  # 2 hours
    sampler_type="tpe",
    pruner_type="median",
    storage_url=create_sqlite_storage("custom_hpo.db")
)

# Use with optimizer
from fxai import Task2HPOOptimizer
optimizer = Task2HPOOptimizer(custom_config)
study = optimizer.run_optimization()

from fxai import compare_multiple_studies

# Compare multiple HPO runs
study_paths = [
    ("task2_hpo.db", "task2_quick_hpo"),
    ("custom_hpo.db", "custom_optimization"),
]
compare_multiple_studies(study_paths, metric_name="Cumulative Return")

from fxai import create_hpo_dashboard
create_hpo_dashboard("hpo_experiments")

from fxai import HPOAnalyzer
analyzer = HPOAnalyzer("hpo_experiments/task2_hpo_results")
print(analyzer.task2_results["best_params"])
analyzer.create_optimization_plots("task2", save_path="task2_analysis.html")
report = analyzer.generate_comparison_report()
print(report)

analyzer = HPOAnalyzer("hpo_experiments")
analyzer.export_best_configurations("production_configs")

import json
with open("production_configs/task2_best_config.json", 'r') as f:
    best_config = json.load(f)

params = best_config['best_params']

# Load study and inspect failed trials
study = optuna.load_study(
    study_name="task2_quick_hpo",
    storage="sqlite:///task2_hpo.db"
)
failed_trials = [t for t in study.trials if t.state == optuna.trial.TrialState.FAIL]
print(f"Failed trials: {len(failed_trials)}")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with contextlib.chdir(tmp_path):
        yield tmp_path


def in_small(script: str) -> str:
    """The snippets with few and small trials and without plots."""
    for written, small in (
        ("n_trials=50", "n_trials=2"),
        ("Task2HPOOptimizer(custom_config)", "Task2HPOOptimizer(custom_config, settings=SMALL)"),
        ("run_optimization()", "run_optimization(plots=False)"),
    ):
        assert written in script
        script = script.replace(written, small)
    return script


@pytest.mark.timeout(300)
def test_the_snippets_of_task_2(folder: Path) -> None:
    """Two studies of two trials each train a language model."""
    write_signal_story(folder, days=50)
    quick = Task2HPOOptimizer(HPOConfig(n_trials=2), metric="cumulative_return", settings=SMALL)
    assert quick.config.n_jobs == 1
    quick.run_optimization(plots=False)
    found: dict[str, Any] = {"SMALL": SMALL}
    exec(compile(in_small(SNIPPETS), "snippets.py", "exec"), found)  # noqa: S102 - the guide's own
    assert study_names("sqlite:///task2_hpo.db") == ("task2_quick_hpo",)
    assert study_names("sqlite:///custom_hpo.db") == ("custom_optimization",)
    results = folder / "hpo_experiments" / "task2_hpo_results"
    assert {each.parent.name for each in results.rglob("report.html")} == {"task2_quick_hpo", "custom_optimization"}
    assert found["params"].keys() <= {each.name for each in Task2HPOSearchSpace().parameters}
    exported = json.loads((folder / "production_configs" / "task2_best_config.json").read_text())
    assert exported["metric"] == "total_return"
    assert exported["config"]["training_config"]["decisions"]["lookahead"] == found["params"]["lookahead"]
    assert (folder / "study_comparison.html").exists()
    assert (folder / "task2_analysis.html").exists()
    assert not found["failed_trials"]


def test_the_space_of_task_2_is_drawn_in_an_optuna_program() -> None:
    space = Task2HPOSearchSpace()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        trial = study.ask()
        params = space.suggest_parameters(trial)
        assert params == trial.params
        assert ("quantization_type" in params) == params["use_4bit"]
        study.tell(trial, 0.0)


def test_a_preset_of_task_2_that_is_not_known_names_those_that_are() -> None:
    with pytest.raises(InputError, match=r"no preset 'quik'; did you mean 'quick'. Known: quick, thorough"):
        Task2HPOOptimizer(preset="quik")
