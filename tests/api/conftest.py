"""A search over an engine of the user's own, run once for all tests that look at results."""

import contextlib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.valley import Valley
from fxai import HPOptimizer, StudyResults

PARAM_SPACE = {
    "learning_rate": {"type": "loguniform", "low": 0.00001, "high": 0.01},
    "batch_size": {"type": "choice", "values": [32, 64, 128]},
}
TINY = {"total_updates": 2, "eval_frequency": 1, "n_envs": 2, "rollout_steps": 8, "batch_size": 8, "n_epochs": 1}
ONLY_SEARCH: dict[str, Any] = {"confirm": False, "verdict": False}
"""Arguments of a search whose best trial is not trained again."""
TINY_MODEL = {"d_model": 8, "n_layers": 1}
TINY_ENV = {"max_episode_steps": 16}


class Searched(NamedTuple):
    """An optimizer that has searched, in its folder, and what it found."""

    folder: Path
    optimizer: HPOptimizer
    results: StudyResults


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    folder = tmp_path_factory.mktemp("searched")
    optimizer = HPOptimizer(
        training_engine=Valley(),
        storage=f"sqlite:///{folder / 'studies.db'}",
        results_dir=folder / "results",
        plots=False,
    )
    with contextlib.chdir(folder):
        results = optimizer.optimize(
            model_config={"layers": 2},
            training_config={"epochs": 2},
            param_space=PARAM_SPACE,
            num_trials=24,
            metric="val_loss",
            mode="min",
            study_name="valley",
            n_jobs=2,
        )
    return Searched(folder, optimizer, results)
