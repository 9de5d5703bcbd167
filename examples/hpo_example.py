"""`HPOptimizer` in five parts: a basic search, an advanced search, presets, analysis of stored results, a report.

python examples/hpo_example.py            # some minutes
python examples/hpo_example.py --quick    # few short trials, as a test
"""

import argparse
from typing import Any

from fxai import ConfigLoader, HPOptimizer, HPOVisualizer, StudyResults, TrainingEngine

parser = argparse.ArgumentParser(description="HPOptimizer in five parts.")
parser.add_argument("--quick", action="store_true", help="few and short trials")
quick = parser.parse_args().quick

# The configuration of all trials. Other fields have FxAI's defaults.
model_config = {"type": "mlp", "d_model": 16}
data_config = {"source": "eurusd_1h"}
training_config = {"algorithm": "ppo", "total_updates": 50, "eval_frequency": 5}
small: dict[str, Any] = {}
if quick:
    training_config |= {"total_updates": 2, "eval_frequency": 1, "n_envs": 4, "n_epochs": 1}
    small = {"n_jobs": 1, "lanes_per_worker": 5}  # trainings at once; by default measured
    small |= {"confirm": False, "verdict": False}  # the best trial is not trained again after the search

training_engine = TrainingEngine()
hpo_optimizer = HPOptimizer(training_engine=training_engine, plots=False)

param_space = {
    "learning_rate": {"type": "loguniform", "low": 0.00001, "high": 0.01},
    "batch_size": {"type": "choice", "values": [32, 64, 128]},
}


def basic() -> StudyResults:
    """Run a random search."""
    results = hpo_optimizer.optimize(
        model_config=model_config,
        data_config=data_config,
        training_config=training_config,
        param_space=param_space,
        num_trials=3 if quick else 20,
        metric="val_loss",
        mode="min",
        search_algorithm="random",
        study_name="hpo_example",
        **small,
    )
    print("The best configuration:", hpo_optimizer.get_best_model_config(model_config))
    return results


def advanced() -> StudyResults:
    """Run a search with TPE and successive halving, parameters with other names, and two cores per trial."""
    return hpo_optimizer.optimize(
        model_config=model_config,
        data_config=data_config,
        training_config=training_config,
        param_space={
            "lr": {"type": "loguniform", "low": 0.0001, "high": 0.01},
            "hidden": {"type": "choice", "values": [8, 16, 32]},
            "gamma": {"type": "quniform", "low": 0.9, "high": 0.99, "q": 0.01},
            "epochs": {"type": "randint", "low": 2, "high": 6},
        },
        param_mapping={
            "lr": "hyperparameters.learning_rate",
            "hidden": "model.layers.hidden_units",
            "epochs": "training.n_epochs",
        },
        num_trials=3 if quick else 50,
        metric="sharpe",
        mode="max",
        search_algorithm="optuna",
        scheduler="asha",
        resources_per_trial={"cpu": 1 if quick else 2, "gpu": 0.5},
        max_concurrent_trials=4,
        study_name="hpo_example_advanced",
        **small,
    )


def with_preset() -> StudyResults:
    """Run a search with a search space and a preset of the shipped file."""
    hpo_config = ConfigLoader().load_config("config/base/hpo.yaml")
    quick_test = hpo_config["experiments"]["quick_test"]
    return hpo_optimizer.optimize(
        model_config=model_config,
        data_config=data_config,
        training_config=training_config,
        param_space=hpo_config["search_spaces"]["ppo"],
        study_name="hpo_example_preset",
        **quick_test,  # five trials
        **small,
    )


def analysed(name: str) -> None:
    """Print the analysis of an earlier search, of this or of another program."""
    results = hpo_optimizer.load_results(name)
    analysis = hpo_optimizer.analyze_results(results)
    print(f"Best score: {analysis['best_trial']['score']}")
    print(f"Parameter importance: {analysis['parameter_importance']}")
    print(f"Top trials: {analysis['top_k_trials']}")
    for remark in analysis["remarks"]:
        print(f"Not known yet: {remark}")


def reported(results: StudyResults) -> None:
    """Draw single figures, which a notebook can show, and write the report with all figures."""
    visualizer = HPOVisualizer()
    analysis = hpo_optimizer.analyze_results(results)
    visualizer.plot_optimization_history(results, save_path="hpo_reports/history.html")
    visualizer.plot_parameter_importance(analysis)
    visualizer.plot_metric_vs_parameter(results, "learning_rate")
    print("Report:", visualizer.create_summary_report(results, analysis, output_dir="./hpo_reports/run_001"))


first = basic()
advanced()
with_preset()
analysed("hpo_example")
reported(first)
