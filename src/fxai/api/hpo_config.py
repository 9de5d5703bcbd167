"""`HPOConfig`: settings of a search."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fxai.api.search_settings import Search, grid_of, search_settings
from fxai.errors import InputError
from fxai.spec.search.study import StudySpec

DEFAULT_STORAGE: str = StudySpec.model_fields["storage"].default


@dataclass(frozen=True, slots=True)
class HPOConfig:
    """Settings of a study for `run_study`. None leaves the spec's value.

    Attributes:
        study_name: Name of the study.
        n_trials: Total number of trials.
        n_jobs: Number of workers, -1 for the whole machine.
        timeout: Seconds after which no new trial starts.
        sampler_type: Short name ("tpe", "random"), Optuna's class name, or an object, `TPESampler(n_startup_trials=5)`.
        pruner_type: Short name ("median", "asha"), Optuna's class name, or an object.
        storage_url: SQLAlchemy URL of the database.
        metric_name: Metric to optimise.
        direction: "maximize" or "minimize".
    """

    study_name: str | None = None
    n_trials: int | None = None
    n_jobs: int | None = None
    timeout: float | None = None
    sampler_type: Search = None
    pruner_type: Search = None
    storage_url: str | None = None
    metric_name: str | None = None
    direction: str | None = None

    def settings(self) -> dict[str, Any]:
        """The given settings by field of a study, without the study's name."""
        if grid_of(self.sampler_type) is not None:
            raise InputError(
                "sampler_type: the grid of a study comes from its parameters; use the sampler 'grid', and write the "
                "values of each parameter"
            )
        given = {
            "n_trials": self.n_trials,
            "timeout": self.timeout,
            **search_settings(self.sampler_type, self.pruner_type, num_trials=self.n_trials or 1),
            "storage": self.storage_url,
            "metric_name": self.metric_name,
            "direction": self.direction,
        }
        return {name: value for name, value in given.items() if value is not None} | self._workers()

    def _workers(self) -> dict[str, Any]:
        if self.n_jobs is None:
            return {}
        return {"n_jobs": None if self.n_jobs == -1 else self.n_jobs}


def create_sqlite_storage(path: str | Path = "optuna_studies.db") -> str:
    """The URL of an SQLite database in a file. The first study creates the file."""
    return f"sqlite:///{path}"
