"""The search of the FinRL Contest 2024, Task 1, under the names of its guide: the spec crypto_ensemble."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from fxai.api.hpo_config import HPOConfig, create_sqlite_storage
from fxai.api.studies import run_study
from fxai.errors import InputError
from fxai.results.study_results import StudyResults
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.search.conditions import active_params
from fxai.spec.search.configure import config_values
from fxai.spec.search.parameters import CategoricalParameter, Choice, FloatParameter, Parameter
from fxai.spec.search.study import StudySpec

SPEC = "crypto_ensemble"
RESULTS_DIR = "hpo_experiments/task1_hpo_results"
DATABASE = "task1_hpo.db"
_WORKERS = 2


class OptunaTrial(Protocol):
    """The part of Optuna's `Trial` that draws values."""

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = ..., log: bool = ...) -> float:
        """Draw a real number."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = ..., log: bool = ...) -> int:
        """Draw a whole number."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Draw a choice."""


class Task1HPOSearchSpace:
    """The parameters of the search and their ranges, under the contest's names."""

    def __init__(self) -> None:
        self._study = _study()
        self.parameters: Sequence[Parameter] = self._study.parameters

    def suggest_parameters(self, trial: OptunaTrial) -> Mapping[str, Choice]:
        """Draw the parameters in an Optuna program of yours. Agents beyond `n_ensemble_agents` are not drawn.

        The constraint of the spec is not applied.

        Args:
            trial: A trial of Optuna.

        Returns:
            The values by name.
        """
        return active_params(self.parameters, config_values(self._study), lambda each: _drawn(trial, each))


class Task1HPOOptimizer:
    """Runs the search: studies `task1_<preset>_hpo` in `task1_hpo.db`, with two workers.

    Args:
        config: Settings of the study. Those that are None have the values above, or those of the preset.
        preset: "quick" (20 trials), "thorough" (200) or "production" (500).
        metric: "sharpe_ratio", "total_return", "romad" or another metric of FxAI's agents.
        settings: Fields of the spec, as for `run_study`: `{"training.total_updates": 100}`.
        results_dir: Folder of the studies' files.

    Raises:
        InputError: The preset is not known.
    """

    def __init__(
        self,
        config: HPOConfig | None = None,
        *,
        preset: str = "quick",
        metric: str | None = None,
        settings: Mapping[str, Any] | None = None,
        results_dir: str | Path = RESULTS_DIR,
    ) -> None:
        presets = load_spec(find_spec(SPEC)).presets
        if preset not in presets:
            hint = did_you_mean(preset, presets) or "."
            raise InputError(f"there is no preset {preset!r}{hint} Known: {', '.join(presets)}")
        given = config or HPOConfig()
        self.config = replace(
            given,
            study_name=given.study_name or f"task1_{preset}_hpo",
            n_jobs=given.n_jobs or _WORKERS,
            storage_url=given.storage_url or create_sqlite_storage(DATABASE),
            metric_name=given.metric_name or metric,
        )
        self.results_dir = Path(results_dir)
        self._settings = {"preset": preset, **(settings or {})}

    def run_optimization(self, *, fresh: bool = False, plots: bool | None = None) -> StudyResults:
        """Run the study until it has its number of trials. Call again to resume it.

        Args:
            fresh: Start a new study; an existing study of this name is kept under another name.
            plots: Whether to write the plots. Default: yes.

        Returns:
            The results. `.study` is the study of Optuna.

        Raises:
            InputError: A setting is wrong.
            KeyboardInterrupt: After Ctrl-C, when the trials have ended or are saved.
        """
        return run_study(
            SPEC,
            config=self.config,
            settings=self._settings,
            results_dir=self.results_dir,
            fresh=fresh,
            plots=plots,
        )


def _study() -> StudySpec:
    (study,) = load_spec(find_spec(SPEC)).studies
    return study


def _drawn(trial: OptunaTrial, parameter: Parameter) -> Choice:
    if isinstance(parameter, CategoricalParameter):
        chosen: Choice = trial.suggest_categorical(parameter.name, parameter.choices)
        return chosen
    if isinstance(parameter, FloatParameter):
        return trial.suggest_float(
            parameter.name, parameter.low, parameter.high, step=parameter.step, log=parameter.log
        )
    return trial.suggest_int(parameter.name, parameter.low, parameter.high, step=parameter.step, log=parameter.log)
