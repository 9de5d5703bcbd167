"""FxAI: hyperparameters for trading agents, found fast and judged honestly.

The names of the Python API. Each is loaded when it is asked for, so that `import fxai` takes neither torch nor Optuna.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fxai.api.analysis import Analysis
    from fxai.api.config_loader import ConfigLoader
    from fxai.api.contest_search import (
        Task1HPOOptimizer,
        Task1HPOSearchSpace,
        Task2HPOOptimizer,
        Task2HPOSearchSpace,
    )
    from fxai.api.contest_trainer import HPOIntegratedTrainer
    from fxai.api.hp_optimizer import HPOptimizer
    from fxai.api.hpo_analyzer import HPOAnalyzer
    from fxai.api.hpo_config import HPOConfig, create_sqlite_storage
    from fxai.api.hpo_dashboard import compare_multiple_studies, create_hpo_dashboard
    from fxai.api.hpo_results_manager import HPOResultsManager
    from fxai.api.hpo_visualizer import HPOVisualizer
    from fxai.api.minimal_tuner import MinimalTuner
    from fxai.api.mlflow_manager import MLflowManager
    from fxai.api.studies import load_results, load_specs, run_study
    from fxai.api.training_engine import Engine, TrainingEngine
    from fxai.market.rules.rules import Action
    from fxai.market.scores.track_record import TrackRecord, read_track_record
    from fxai.results.study_results import StudyResults
    from fxai.rl.agents.agent import Agent
    from fxai.rl.agents.agent_file import load_agent
    from fxai.rl.agents.committee import Committee
    from fxai.rl.environment.observation import AccountView
    from fxai.spec.search.study import StudySpec

    __version__: str

__all__ = [
    "AccountView",
    "Action",
    "Agent",
    "Analysis",
    "Committee",
    "ConfigLoader",
    "Engine",
    "HPOAnalyzer",
    "HPOConfig",
    "HPOIntegratedTrainer",
    "HPOResultsManager",
    "HPOVisualizer",
    "HPOptimizer",
    "MLflowManager",
    "MinimalTuner",
    "StudyResults",
    "StudySpec",
    "Task1HPOOptimizer",
    "Task1HPOSearchSpace",
    "Task2HPOOptimizer",
    "Task2HPOSearchSpace",
    "TrackRecord",
    "TrainingEngine",
    "compare_multiple_studies",
    "create_hpo_dashboard",
    "create_sqlite_storage",
    "load_agent",
    "load_results",
    "load_specs",
    "read_track_record",
    "run_study",
]

_HOMES = {
    "AccountView": "fxai.rl.environment.observation",
    "Action": "fxai.market.rules.rules",
    "Agent": "fxai.rl.agents.agent",
    "Analysis": "fxai.api.analysis",
    "Committee": "fxai.rl.agents.committee",
    "ConfigLoader": "fxai.api.config_loader",
    "Engine": "fxai.api.training_engine",
    "HPOAnalyzer": "fxai.api.hpo_analyzer",
    "HPOConfig": "fxai.api.hpo_config",
    "HPOIntegratedTrainer": "fxai.api.contest_trainer",
    "HPOResultsManager": "fxai.api.hpo_results_manager",
    "HPOVisualizer": "fxai.api.hpo_visualizer",
    "HPOptimizer": "fxai.api.hp_optimizer",
    "MLflowManager": "fxai.api.mlflow_manager",
    "MinimalTuner": "fxai.api.minimal_tuner",
    "StudyResults": "fxai.results.study_results",
    "StudySpec": "fxai.spec.search.study",
    "Task1HPOOptimizer": "fxai.api.contest_search",
    "Task1HPOSearchSpace": "fxai.api.contest_search",
    "Task2HPOOptimizer": "fxai.api.contest_search",
    "Task2HPOSearchSpace": "fxai.api.contest_search",
    "TrackRecord": "fxai.market.scores.track_record",
    "TrainingEngine": "fxai.api.training_engine",
    "compare_multiple_studies": "fxai.api.hpo_dashboard",
    "create_hpo_dashboard": "fxai.api.hpo_dashboard",
    "create_sqlite_storage": "fxai.api.hpo_config",
    "load_agent": "fxai.rl.agents.agent_file",
    "load_results": "fxai.api.studies",
    "load_specs": "fxai.api.studies",
    "read_track_record": "fxai.market.scores.track_record",
    "run_study": "fxai.api.studies",
}


def __getattr__(name: str) -> object:
    if name == "__version__":  # of the installed package: pyproject.toml has it, and nothing else
        return import_module("importlib.metadata").version("fxai")
    if name not in _HOMES:
        raise AttributeError(f"module 'fxai' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
