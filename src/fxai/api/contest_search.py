"""The searches of the FinRL Contest 2024 under the names of its guide: the specs crypto_ensemble and llm_signal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

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


@dataclass(frozen=True, slots=True)
class ContestTask:
    """A task of the contest: its shipped spec, and the names of its files."""

    name: str  # begins the names of its files and studies
    spec: str
    workers: int

    @property
    def results_dir(self) -> str:
        return f"hpo_experiments/{self.name}_hpo_results"

    @property
    def database(self) -> str:
        return f"{self.name}_hpo.db"

    def study(self) -> StudySpec:
        """The study of the spec."""
        (study,) = load_spec(find_spec(self.spec)).studies
        return study


TASK_1 = ContestTask("task1", "crypto_ensemble", workers=2)
TASK_2 = ContestTask("task2", "llm_signal", workers=1)


class OptunaTrial(Protocol):
    """The part of Optuna's `Trial` that draws values."""

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = ..., log: bool = ...) -> float:
        """Draw a real number."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = ..., log: bool = ...) -> int:
        """Draw a whole number."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Draw a choice."""


class _SearchSpace:
    """The parameters of a task's search, and their ranges."""

    _task: ClassVar[ContestTask]

    def __init__(self) -> None:
        self._study = self._task.study()
        self.parameters: Sequence[Parameter] = self._study.parameters

    def suggest_parameters(self, trial: OptunaTrial) -> Mapping[str, Choice]:
        """Draw the parameters in an Optuna program of yours.

        A parameter whose condition does not hold is not drawn. The constraints of the spec are not applied.

        Args:
            trial: A trial of Optuna.

        Returns:
            The values by name.
        """
        return active_params(self.parameters, config_values(self._study), lambda each: _drawn(trial, each))


class Task1HPOSearchSpace(_SearchSpace):
    """The parameters of the search of Task 1 and their ranges, under the contest's names."""

    _task = TASK_1


class Task2HPOSearchSpace(_SearchSpace):
    """The parameters of the search of Task 2 and their ranges, under the contest's names."""

    _task = TASK_2


class _Optimizer:
    """Runs the search of a task."""

    _task: ClassVar[ContestTask]

    def __init__(
        self,
        config: HPOConfig | None = None,
        *,
        preset: str = "quick",
        metric: str | None = None,
        settings: Mapping[str, Any] | None = None,
        results_dir: str | Path | None = None,
    ) -> None:
        task = self._task
        presets = load_spec(find_spec(task.spec)).presets
        if preset not in presets:
            hint = did_you_mean(preset, presets) or "."
            raise InputError(f"there is no preset {preset!r}{hint} Known: {', '.join(presets)}")
        given = config or HPOConfig()
        self.config = replace(
            given,
            study_name=given.study_name or f"{task.name}_{preset}_hpo",
            n_jobs=given.n_jobs or task.workers,
            storage_url=given.storage_url or create_sqlite_storage(task.database),
            metric_name=given.metric_name or metric,
        )
        self.results_dir = Path(task.results_dir if results_dir is None else results_dir)
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
            self._task.spec,
            config=self.config,
            settings=self._settings,
            results_dir=self.results_dir,
            fresh=fresh,
            plots=plots,
        )


class Task1HPOOptimizer(_Optimizer):
    """Runs the search of Task 1: studies `task1_<preset>_hpo` in `task1_hpo.db`, with two workers.

    Args:
        config: Settings of the study. Those that are None have the values above, or those of the preset.
        preset: "quick" (20 trials), "thorough" (200) or "production" (500).
        metric: "sharpe_ratio", "total_return", "romad" or another metric of FxAI's agents.
        settings: Fields of the spec, as for `run_study`: `{"training.total_updates": 100}`.
        results_dir: Folder of the studies' files. Default: `hpo_experiments/task1_hpo_results`.

    Raises:
        InputError: The preset is not known.
    """

    _task = TASK_1


class Task2HPOOptimizer(_Optimizer):
    """Runs the search of Task 2: studies `task2_<preset>_hpo` in `task2_hpo.db`, with one worker.

    The model, the news and the prices are those of the spec llm_signal unless `settings` names others.

    Args:
        config: Settings of the study. Those that are None have the values above, or those of the preset.
        preset: "quick" (15 trials), "thorough" (100) or "production" (200).
        metric: "cumulative_return", "mean_reward", "sharpe_ratio", "win_rate" or another metric of signals.
        settings: Fields of the spec, as for `run_study`: `{"model.path": "my_model"}`.
        results_dir: Folder of the studies' files. Default: `hpo_experiments/task2_hpo_results`.

    Raises:
        InputError: The preset is not known.
    """

    _task = TASK_2


def _drawn(trial: OptunaTrial, parameter: Parameter) -> Choice:
    if isinstance(parameter, CategoricalParameter):
        chosen: Choice = trial.suggest_categorical(parameter.name, parameter.choices)
        return chosen
    if isinstance(parameter, FloatParameter):
        return trial.suggest_float(
            parameter.name, parameter.low, parameter.high, step=parameter.step, log=parameter.log
        )
    return trial.suggest_int(parameter.name, parameter.low, parameter.high, step=parameter.step, log=parameter.log)
