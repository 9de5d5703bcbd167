"""`HPOConfig`: how long and how to search, whatever is searched."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fxai.api.search_settings import Search, grid_of, search_settings
from fxai.errors import InputError
from fxai.spec.search.study import StudySpec

DEFAULT_STORAGE: str = StudySpec.model_fields["storage"].default


@dataclass(frozen=True, slots=True)
class HPOConfig:
    """Settings of a study, to be given to `run_study`; what is None stays as the spec has it.

    sampler_type, pruner_type: by short names, "tpe" or "random", "median" or "asha", or by Optuna's own; or objects of
        Optuna's, `TPESampler(n_startup_trials=5)`.
    timeout: seconds after which no new trial starts. n_jobs: workers, -1 for the whole machine.
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
        """Fields of a study by their names; that of the study itself is not among them."""
        if grid_of(self.sampler_type) is not None:
            raise InputError(
                "sampler_type: a GridSampler's grid follows from the study's parameters; name the sampler 'grid', and "
                "write each parameter's values"
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
    """The URL of a SQLite database in a file, which is made by the first study that is kept in it."""
    return f"sqlite:///{path}"
