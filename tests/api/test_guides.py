"""The snippets of similar programs' guides, one script each, as their users write them but for the import lines."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import fxai
from api.conftest import ONLY_SEARCH, TINY, TINY_ENV, TINY_MODEL
from fxai import HPOConfig, create_sqlite_storage, run_study
from fxai.search.studies import study_names

pytestmark = pytest.mark.usefixtures("inline_workers")

BARS = Path(fxai.__file__).parent / "market" / "data" / "eurusd_1h.csv.gz"

RAY_README = """
from fxai import TrainingEngine, HPOptimizer

training_engine = TrainingEngine()
hpo_optimizer = HPOptimizer(training_engine=training_engine)

param_space = {
    "learning_rate": {"type": "loguniform", "low": 0.00001, "high": 0.01},
    "batch_size": {"type": "choice", "values": [4, 8, 16]},
}

def search(**algorithm):
    return hpo_optimizer.optimize(
        model_config=model_config,
        data_config=data_config,
        training_config=training_config,
        param_space=param_space,
        num_trials=3,
        metric="val_loss",
        mode="min",
        **algorithm,
    )

results = search(search_algorithm="random")
best_config = hpo_optimizer.get_best_model_config(model_config)
other = search(search_algorithm="optuna", scheduler="asha")
again = search(search_algorithm="random")

param_mapping = {
    "lr": "hyperparameters.learning_rate",
    "hidden": "model.layers.hidden_units"
}
nested_config = {"hyperparameters": {"learning_rate": 0.1}, "model": {"n_layers": 1, "layers": {"hidden_units": 4}}}
mapped = hpo_optimizer.optimize(
    model_config=nested_config,
    data_config=data_config,
    training_config=training_config,
    param_space={"lr": param_space["learning_rate"], "hidden": {"type": "choice", "values": [2, 3]}},
    param_mapping=param_mapping,
    num_trials=2,
    resources_per_trial={
        "cpu": 2,
        "gpu": 0.5  # Fractional GPU allocation
    },
    max_concurrent_trials=4
)
mapped_config = hpo_optimizer.get_best_model_config(nested_config)

analysis = hpo_optimizer.analyze_results(results)

print(f"Best score: {analysis['best_trial']['score']}")
print(f"Parameter importance: {analysis['parameter_importance']}")
print(f"Top trials: {analysis['top_k_trials']}")

from fxai import HPOVisualizer

visualizer = HPOVisualizer()
visualizer.plot_optimization_history(results)
visualizer.plot_parameter_importance(analysis)
visualizer.create_summary_report(
    results,
    analysis,
    output_dir="./hpo_reports/run_001"
)

from fxai import ConfigLoader
config_loader = ConfigLoader()
hpo_config = config_loader.load_config("configs/base/hpo.yaml")

quick_test = hpo_config["experiments"]["quick_test"]
preset = hpo_optimizer.optimize(
    model_config=model_config,
    data_config=data_config,
    training_config=training_config,
    param_space={name: each for name, each in hpo_config["search_spaces"]["ppo"].items() if name == "learning_rate"},
    **quick_test  # Unpack preset settings
)

import logging
logging.getLogger("HPOptimizer").setLevel(logging.DEBUG)

ray_config = {"include_dashboard": True}
hpo_optimizer = HPOptimizer(ray_config=ray_config)
"""

TUNER_PAGE = """
from fxai import MinimalTuner

# Initialize tuner
tuner = MinimalTuner(
    train_data,
    val_data,
    mlflow_tracking=True,
    training_config=training_config,
    constraints="hidden_size * batch_size <= 64",
    resources_per_trial={"cpu": 1},
)
assert tuner.mlflow_manager.tracking_uri is None

# Define search space
space = {
    "lr": {"type": "loguniform", "low": 1e-4, "high": 1e-2},
    "hidden_size": {"type": "choice", "values": [4, 8, 16]},
    "batch_size": {"type": "choice", "values": [4, 8, 16]},
}

# Run optimization
results = tuner.optimize(
    search_space=space,
    num_samples=4,
    max_concurrent=4,
    search_algorithm=search_algorithm,
)

# Get best configuration
best_config = results.config
best_metrics = results.metrics
"""

CONTEST_GUIDE = """
import optuna
import plotly
print("HPO framework ready!")

from fxai import create_hpo_dashboard
create_hpo_dashboard("hpo_experiments")

from fxai import HPOAnalyzer

# Initialize analyzer
analyzer = HPOAnalyzer("hpo_experiments/task1_hpo_results")

# Create optimization plots
analyzer.create_optimization_plots("task1", save_path="task1_analysis.png")

# Generate comparison report
report = analyzer.generate_comparison_report()
print(report)

# Export best configurations
analyzer.export_best_configurations("production_configs")

from fxai import compare_multiple_studies

# Compare multiple HPO runs
study_paths = [
    ("task1_hpo.db", "task1_thorough_hpo_20231120_143022"),
    ("task1_hpo.db", "task1_production_hpo_20231121_090000"),
]

compare_multiple_studies(study_paths, metric_name="Sharpe Ratio")

# Export best configurations for production
analyzer = HPOAnalyzer("hpo_experiments")
analyzer.export_best_configurations("production_configs")

# Load in production
import json
with open("production_configs/task1_best_config.json", 'r') as f:
    best_config = json.load(f)

params = best_config['best_params']

# Load study and inspect failed trials
study = optuna.load_study(
    study_name="task1_thorough_hpo_20231120_143022",
    storage="sqlite:///task1_hpo.db"
)

# Find failed trials
failed_trials = [t for t in study.trials if t.state == optuna.trial.TrialState.FAIL]
print(f"Failed trials: {len(failed_trials)}")

create_hpo_dashboard('hpo_experiments')

analyzer = HPOAnalyzer('hpo_experiments/task2_hpo_results')
print(analyzer.task2_results['best_params'])
"""


class OptunaSearch:
    """As Ray's keeps its arguments; Ray itself need not be there."""

    def __init__(self, metric: str, mode: str) -> None:
        self._metric, self._mode, self._seed = metric, mode, 3


def run(script: str, **given: Any) -> dict[str, Any]:
    """The names that a script leaves. Its searches train no best trial again."""
    names = dict(given)
    script = script.replace(".optimize(", f".optimize(**{ONLY_SEARCH}, ")
    exec(compile(script, "snippets.py", "exec"), names)  # noqa: S102 (the guide's own)
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with contextlib.chdir(tmp_path):
        yield tmp_path


@pytest.mark.timeout(600)
def test_the_readme_of_the_ray_tune_module(folder: Path) -> None:
    found = run(
        RAY_README,
        model_config=TINY_MODEL,
        data_config={"source": "eurusd_1h"},
        training_config={**TINY, "env": TINY_ENV},
    )
    first, second, again = found["results"], found["other"], found["again"]
    assert first.name == again.name != second.name
    assert [trial.params for trial in first.record.trials] == [trial.params for trial in again.record.trials]
    assert first.study.user_attrs["fxai:plan"]["sampler"]["type"] == "RandomSampler"
    assert second.study.user_attrs["fxai:plan"]["sampler"]["type"] == "TPESampler"
    assert [each.summary.finished for each in (first, second)] == [3, 3]
    assert found["best_config"]["training"] == first.best_params
    best = found["mapped"].best_params
    assert found["mapped_config"] == {
        "hyperparameters": {"learning_rate": best["lr"]},
        "model": {"n_layers": 1, "layers": {"hidden_units": best["hidden"]}},
    }
    assert found["preset"].summary.finished == 5
    assert len(study_names("sqlite:///optuna_studies.db")) == 4
    assert (folder / "hpo_reports" / "run_001" / "report.html").exists()


@pytest.mark.timeout(300)
def test_the_page_of_the_minimal_tuner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    bars = pd.read_csv(BARS)
    found = run(
        TUNER_PAGE,
        train_data=bars[:1200],
        val_data=bars[1200:1600],
        training_config={**TINY, "env": TINY_ENV},
        search_algorithm=OptunaSearch(metric="score", mode="max"),
    )
    config = found["best_config"]
    assert {*config} == {*found["space"]}
    assert config["hidden_size"] * config["batch_size"] <= 64
    trained = [trial.params for trial in found["results"].results.record.trials if not trial.uncounted]
    assert len(trained) == 4
    assert all(params["hidden_size"] * params["batch_size"] <= 64 for params in trained)
    assert found["best_metrics"]["cumulative_return"] == found["best_metrics"]["total_return"]


@pytest.mark.timeout(600)
def test_the_contests_guide(folder: Path) -> None:
    shorter = {"training.total_updates": 1, "training.eval_frequency": 1, "training.n_envs": 4,
               "training.rollout_steps": 32, "seeds_per_trial": 1, "resources.lanes_per_worker": 3,
               "confirm": "off", "verdict": "off"}  # fmt: skip
    for task, name, metric in (
        ("task1", "task1_thorough_hpo_20231120_143022", "sharpe_ratio"),
        ("task1", "task1_production_hpo_20231121_090000", "sharpe_ratio"),
        ("task2", "best", "cumulative_return"),
    ):
        custom_config = HPOConfig(
            study_name=name,
            n_trials=3,
            n_jobs=1,
            timeout=7200,  # 2 hours
            sampler_type="tpe",
            pruner_type="median",
            metric_name=metric,
            storage_url=create_sqlite_storage(f"{task}_hpo.db"),
        )
        results_dir = f"hpo_experiments/{task}_hpo_results"
        run_study("quick_search", config=custom_config, settings=shorter, results_dir=results_dir, plots=False)
    found = run(CONTEST_GUIDE)
    assert not found["failed_trials"]
    assert found["params"] == found["best_config"]["best_params"]
    written = {path.name for path in (folder / "production_configs").iterdir()}
    assert written == {
        f"{name}_best_config.json"
        for name in (
            "task1_thorough_hpo_20231120_143022", "task1_production_hpo_20231121_090000", "best", "task1", "task2"
        )
    }  # fmt: skip
    task2 = json.loads((folder / "production_configs" / "task2_best_config.json").read_text())
    assert found["analyzer"].task2_results["best_params"] == task2["best_params"]
    assert (folder / "study_comparison.html").exists()
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("report.html")} == {
        "hpo_experiments/task1_hpo_results/task1_thorough_hpo_20231120_143022/report.html",
        "hpo_experiments/task1_hpo_results/task1_production_hpo_20231121_090000/report.html",
        "hpo_experiments/task2_hpo_results/best/report.html",
    }
    index = (folder / "hpo_experiments" / "index.html").read_text()
    assert "task2_hpo_results/best/report.html" in index
