"""The contest's snippets for Task 1 as one script with small sizes, and the names behind them."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest

from fxai import HPOConfig, HPOIntegratedTrainer, Task1HPOOptimizer, Task1HPOSearchSpace, load_agent
from fxai.errors import InputError, SpecError
from fxai.protocol import Report, Slot, TrialResult
from fxai.results.training.plan import load_plan
from fxai.rl.agents.ensemble import Ensemble
from fxai.search.studies import study_names
from fxai.study.stop_signal import StopSignal
from fxai.study.train_agents import TrainingEvent
from fxai.study.train_plan import train_plan

pytestmark = pytest.mark.usefixtures("inline_workers")

SMALL = {"training.total_updates": 1, "training.eval_frequency": 1, "confirm": "off", "verdict": "off"}

SNIPPETS = """
import optuna
import plotly

from fxai import HPOConfig, create_sqlite_storage

# Create custom configuration
custom_config = HPOConfig(
    study_name="custom_optimization",
    n_trials=50,
    n_jobs=2,
    timeout=7200,  # 2 hours
    sampler_type="tpe",
    pruner_type="median",
    storage_url=create_sqlite_storage("custom_hpo.db")
)

# Use with optimizer
from fxai import Task1HPOOptimizer
optimizer = Task1HPOOptimizer(custom_config)
study = optimizer.run_optimization()

from fxai import compare_multiple_studies

# Compare multiple HPO runs
study_paths = [
    ("task1_hpo.db", "task1_thorough_hpo_20231120_143022"),
    ("task1_hpo.db", "task1_production_hpo_20231121_090000"),
]
compare_multiple_studies(study_paths, metric_name="Sharpe Ratio")

from fxai import create_hpo_dashboard
create_hpo_dashboard("hpo_experiments")

from fxai import HPOAnalyzer
analyzer = HPOAnalyzer("hpo_experiments/task1_hpo_results")
analyzer.create_optimization_plots("task1", save_path="task1_analysis.html")
report = analyzer.generate_comparison_report()
print(report)

analyzer = HPOAnalyzer("hpo_experiments")
analyzer.export_best_configurations("production_configs")

import json
with open("production_configs/task1_best_config.json", 'r') as f:
    best_config = json.load(f)

params = best_config['best_params']

from fxai import HPOIntegratedTrainer
trainer = HPOIntegratedTrainer("hpo_experiments/task1_hpo_results")
trainer.train("ensemble_optimized")

# Load study and inspect failed trials
study = optuna.load_study(
    study_name="task1_production_hpo",
    storage="sqlite:///task1_hpo.db"
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
        ("Task1HPOOptimizer(custom_config)", "Task1HPOOptimizer(custom_config, settings=SMALL)"),
        ("run_optimization()", "run_optimization(plots=False)"),
    ):
        assert written in script
        script = script.replace(written, small)
    return script


@pytest.mark.timeout(300)
def test_the_snippets_of_task_1(folder: Path) -> None:
    for preset, name in (
        ("thorough", "task1_thorough_hpo_20231120_143022"),
        ("production", "task1_production_hpo_20231121_090000"),
        ("production", None),
    ):
        config = HPOConfig(study_name=name, n_trials=1)
        Task1HPOOptimizer(config, preset=preset, settings=SMALL).run_optimization(plots=False)
    found: dict[str, Any] = {"SMALL": SMALL}
    exec(compile(in_small(SNIPPETS), "snippets.py", "exec"), found)  # noqa: S102 - the guide's own
    assert set(study_names("sqlite:///task1_hpo.db")) == {
        "task1_thorough_hpo_20231120_143022", "task1_production_hpo_20231121_090000", "task1_production_hpo"
    }  # fmt: skip
    assert study_names("sqlite:///custom_hpo.db") == ("custom_optimization",)
    assert (folder / "hpo_experiments/task1_hpo_results/custom_optimization/report.html").exists()
    assert found["params"].keys() <= {each.name for each in Task1HPOSearchSpace().parameters}
    assert json.loads((folder / "production_configs/task1_best_config.json").read_text())["best_params"]
    agent = load_agent(folder / "ensemble_optimized" / "agent.safetensors")
    assert isinstance(agent, Ensemble)
    assert len(agent.members) == found["params"]["n_ensemble_agents"]
    check_resuming(found["trainer"])
    assert (folder / "study_comparison.html").exists()
    assert not found["failed_trials"]


def check_resuming(trainer: HPOIntegratedTrainer) -> None:
    """A training that was interrupted after its first report ends with the same agent as a whole training."""
    settings = {"training.total_updates": "2"}

    def interrupt(events: Iterator[TrainingEvent], stop: StopSignal) -> Sequence[TrialResult]:
        for event in events:
            if isinstance(event, Report):
                stop.request()
        return ()

    plan = load_plan(trainer.results.paths.best_config, settings)
    assert train_plan(plan, Path("again"), (Slot(0),), interrupt).is_interrupted
    assert list(Path("again").rglob("checkpoint.safetensors"))
    again, whole = trainer.train("again", settings), trainer.train("whole", settings)
    assert again.read_bytes() == whole.read_bytes()
    assert not list(Path("again").rglob("checkpoint.safetensors"))
    written = again.stat().st_mtime_ns
    assert trainer.train("again", settings).stat().st_mtime_ns == written, "a complete training is not repeated"
    with pytest.raises(InputError, match="has another training"):
        trainer.train("again", {"training.total_updates": 3})
    with pytest.raises(InputError, match="this machine has no device '99'"):
        HPOIntegratedTrainer(device="99").train("there")


def test_the_space_is_drawn_in_an_optuna_program() -> None:
    space = Task1HPOSearchSpace()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        trial = study.ask()
        params = space.suggest_parameters(trial)
        assert params == trial.params
        agents = [name for name in params if name.startswith("agent_")]
        assert len(agents) == params["n_ensemble_agents"]
        study.tell(trial, 0.0)


def test_a_preset_that_is_not_known_names_those_that_are() -> None:
    with pytest.raises(InputError, match=r"no preset 'thorogh'; did you mean 'thorough'. Known: quick, thorough"):
        Task1HPOOptimizer(preset="thorogh")


def test_a_setting_that_is_not_known_is_refused(folder: Path) -> None:
    with pytest.raises(SpecError, match=r"training\.totl_updates"):
        Task1HPOOptimizer(settings={"training.totl_updates": 3}).run_optimization()


def test_a_folder_without_studies_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="has no study"):
        HPOIntegratedTrainer("hpo_experiments/task1_hpo_results")
