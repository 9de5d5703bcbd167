"""`HPOptimizer`: a search in one call, over FxAI's agents or over the user's training engine."""

import copy
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from fxai.api.analysis import TOP_K, Analysis
from fxai.api.config_sections import Config, places_of, set_nested
from fxai.api.engine_content import engine_content, writer_with_content
from fxai.api.grid import with_values_of
from fxai.api.hpo_config import DEFAULT_STORAGE
from fxai.api.search_call import Caller, EngineToStore, SearchCall, run_call
from fxai.api.search_settings import Search, Switch, grid_of
from fxai.api.search_space import Space, functions_of
from fxai.api.studies import DEFAULT_RESULTS_DIR, load_results
from fxai.api.study_spec import study_of
from fxai.api.trained import DATA, MODEL, TRAINING, agents, engine_places, of_engine
from fxai.api.training_engine import Engine, TrainingEngine
from fxai.errors import InputError
from fxai.mirror.working_folder import storage_for, working_folder
from fxai.results.study_results import StudyResults
from fxai.search.attributes import FINGERPRINT
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.fields.objective import is_custom
from fxai.spec.search.custom_config import DERIVED
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.metrics import LOSSES
from fxai.spec.search.parameters import Parameter
from fxai.study.progress_log import SEARCHES, speaking_logger

_NAME = "hpo"  # beginning of the names of studies without a given name
_MODES = {"min": "minimize", "max": "maximize"}
_MODE_OF = {direction: mode for mode, direction in _MODES.items()}
DEFAULT_METRIC = "val_loss"


class HPOptimizer:
    """Searches for good hyperparameters, with trials on all cores and GPUs of the machine.

    Events are logged by `logging.getLogger("HPOptimizer")`; the level DEBUG logs every report of every trial.

    Args:
        training_engine: An `Engine` of yours. Default: FxAI's trading agents.
        ray_config: Arguments of `ray.init`, e.g. `{"address": "auto"}` or `{"include_dashboard": True}`. If given,
            trials run on the Ray cluster, otherwise on this machine's workers. An extra: `pip install 'fxai[ray]'`.
        storage: SQLAlchemy URL of the database of the studies.
        results_dir: Folder or URL of the studies' files, with one folder per study.
        plots: Whether to write the HTML plots at the end of a search.
    """

    def __init__(
        self,
        training_engine: TrainingEngine | Engine | None = None,
        *,
        ray_config: Mapping[str, Any] | None = None,
        storage: str = DEFAULT_STORAGE,
        results_dir: str | Path = DEFAULT_RESULTS_DIR,
        plots: bool = True,
    ) -> None:
        self._engine = training_engine or TrainingEngine()
        self._ray_config = ray_config
        self._results_dir = expanded_path(working_folder(results_dir, ()))
        self._storage = storage_for(storage, self._results_dir)
        self._plots = plots
        self._logger = speaking_logger(SEARCHES)
        self._latest: StudyResults | None = None
        if not callable(getattr(self._engine, "train", None)):
            raise InputError(f"a training engine needs a method train(); {type(self._engine).__name__} has none")

    def optimize(
        self,
        model_config: Config | None = None,
        data_config: Config | None = None,
        training_config: Config | None = None,
        param_space: Space | None = None,
        num_trials: int | None = None,
        *,
        metric: str = DEFAULT_METRIC,
        mode: str | None = None,
        param_mapping: Mapping[str, str] | None = None,
        resources_per_trial: Mapping[str, float] | None = None,
        max_concurrent_trials: int | None = None,
        search_algorithm: Search = None,
        scheduler: Search = None,
        env_config: Config | None = None,
        study_name: str | None = None,
        n_jobs: int | None = None,
        lanes_per_worker: int | None = None,
        seed: int = 0,
        seeds_per_trial: int = 1,
        timeout: float | None = None,
        constraints: Sequence[str] | str = (),
        validation: Mapping[str, Any] | None = None,
        confirm: Switch = None,
        verdict: Switch = None,
        fresh: bool = False,
    ) -> StudyResults:
        """Search `param_space` until the study has `num_trials` trials. The same call resumes its study.

        Args:
            model_config: Fixed settings of all trials, as fields of the section `model` of a spec's `training_config`.
                In this argument and in the next three, a key that names a section (`model`, `data`, `training` or
                `hyperparameters`, `env`) is that section.
            data_config: The same for the section `data`.
            training_config: The same for the section `training`.
            env_config: The same for the section `env`.
            param_space: Parameters by name. Each is a mapping as in a spec (`{"type": "loguniform", "low": 1e-5,
                "high": 1e-2}`, `{"type": "choice", "values": [32, 64]}`), one of Ray's domains, or a value that is the
                same for all trials. With an engine of yours also `tune.sample_from(lambda spec: 2 * spec.config.lr)`
                or `{"type": "sample_from", "function": lambda spec: ...}`: the function derives a value from the
                others, in the trial's process. The trial stores it in `derived`.
            num_trials: Total number of trials. Default: 10, or each point once if the whole space is a grid.
            metric: Metric to optimise. `val_loss` is the negative mean reward per step on the validation split; others
                are `mean_reward`, `sharpe`, `total_return` and so on, or any metric that your engine returns.
            mode: "min" or "max". Default: the direction of FxAI's metric.
            param_mapping: Fields of names, e.g. `{"lr": "training.learning_rate"}`. Known without it are `lr`,
                `hidden_size`, the names in `config/base/hpo.yaml`, and names that only one section has. For an engine
                of yours a name is a dotted path in `model_config`, or in another configuration if it begins with
                `data_config.` or `training_config.`.
            resources_per_trial: Resources, e.g. `{"cpu": 2, "gpu": 0.5}`. Other names are resources of your own of the
                nodes of a Ray cluster.
            max_concurrent_trials: Greatest number of running trials.
            search_algorithm: "optuna" (TPE, the default), "random", the short name of another sampler, a sampler of
                Optuna, or Ray's `OptunaSearch`, `BasicVariantGenerator` or `ConcurrencyLimiter`.
            scheduler: How trials end early: "median" (the default), "asha", "hyperband", "fifo" (never), "pbt"
                (population based training), a pruner of Optuna, or Ray's `ASHAScheduler`, `HyperBandScheduler`,
                `MedianStoppingRule`, `PopulationBasedTraining` or `FIFOScheduler`.
            study_name: Name of the study. An existing study of this name is resumed, also with another sampler,
                pruner, seed, timeout, `num_trials` or engine; the first log line lists the changes. Without a name, a
                call with other settings or other data has a separate study.
            n_jobs: Number of workers. Default: the whole machine, or the whole Ray cluster.
            lanes_per_worker: Trainings that a worker runs as one tensor program. Default: measured.
            seed: Seed of the study, as in a spec.
            seeds_per_trial: Number of seeds that each trial trains with, as in a spec.
            timeout: Seconds after which no further trial begins, as in a spec.
            constraints: Constraints of the search space, as in a spec.
            validation: Bars that score the trials, as in a spec, e.g. `{"walk_forward": {"folds": 5}}`. Default: one
                validation split. Applies to FxAI's agents.
            confirm: Whether the best trials train again on fresh seeds after the search, or the settings of `confirm`
                in a spec. Default: for FxAI's agents.
            verdict: Whether the best trial is tested on the test split at the end, or the settings of `verdict` in a
                spec. Default: for FxAI's agents whose data have a test split.
            fresh: Start a new study; an existing study of this name is kept under another name.

        Returns:
            The results of the study.

        Raises:
            InputError: An argument is wrong.
            KeyboardInterrupt: After Ctrl-C, when the trials have ended or are saved.
            RepeatedFailureError: Too many trials in a row failed with the same message.
        """
        if not param_space:
            raise InputError("optimize needs a param_space: parameters by name, as in a spec")
        direction = self._direction(metric, mode)
        call = SearchCall(
            space=with_values_of(param_space, grid_of(search_algorithm)),
            trials=num_trials,
            metric=metric,
            mode=_MODE_OF[direction],
            search_algorithm=search_algorithm,
            scheduler=scheduler,
            max_concurrent_trials=max_concurrent_trials,
            resources_per_trial=resources_per_trial,
            lanes_per_worker=lanes_per_worker,
            n_jobs=n_jobs,
            ray_config=self._ray_config,
            seed=seed,
            timeout=timeout,
            constraints=constraints,
            confirm=confirm,
            verdict=verdict,
            study_name=study_name,
            fresh=fresh,
            plots=self._plots,
        )
        configs = {MODEL: model_config, DATA: data_config, TRAINING: training_config, "env_config": env_config}
        goal = {"metric_name": metric, "direction": direction, "seeds_per_trial": seeds_per_trial}
        folds = {} if validation is None else {"validation": validation}
        caller = Caller(_NAME, "num_trials", self._storage, self._results_dir, self._logger)
        study = call.study(caller, {**self._trained(configs, call.space, param_mapping), **goal, **folds})
        engine = self._engine_to_store(configs, call.space, param_mapping) if is_custom(study.objective) else None
        self._latest = run_call(call, caller, study, engine)
        return self._latest

    def define_search_space(
        self, param_space: Space, param_mapping: Mapping[str, str] | None = None, *, algorithm: str = "ppo"
    ) -> tuple[Parameter, ...]:
        """Check a space without running anything.

        Returns:
            The parameters as FxAI searches them.

        Raises:
            SpecError: The message names every wrong parameter.
        """
        configs = {TRAINING: {"algorithm": algorithm}} if isinstance(self._engine, TrainingEngine) else {}
        return study_of(self._trained(configs, param_space, param_mapping), _NAME, "space").parameters

    def analyze_results(self, results: StudyResults | None = None, top_k: int = TOP_K) -> Analysis:
        """Analyse a study: `analysis["best_trial"]["score"]`, `analysis["parameter_importance"]` and more.

        Args:
            results: The study; the latest search if None.
            top_k: Number of leading trials.
        """
        return Analysis.of(self._given(results), top_k)

    def get_best_model_config(
        self, model_config: Config | None = None, results: StudyResults | None = None
    ) -> dict[str, Any]:
        """`model_config` with the best trial's parameters, for `optimize` or `TrainingEngine.train`.

        A parameter replaces the value of its field in `model_config`. Parameters of other sections are added under the
        name of their section. For an engine of yours only the parameters of `model_config` are included;
        `results.best_params` has all of them.

        Args:
            model_config: The configuration to complete.
            results: The study; the latest search if None.
        """
        found = self._given(results)
        fingerprint = found.study.user_attrs[FINGERPRINT]
        derived = found.best.derived
        paths = {**paths_of(fingerprint), **(fingerprint["training_config"][DERIVED] if derived else {})}
        best = {paths[name]: parse_choice(value) for name, value in found.best_params.items()}
        best |= {paths[name]: value for name, value in derived.items()}
        if not isinstance(self._engine, TrainingEngine):
            return _placed(model_config, {path: each for path, each in best.items() if _of_model(path)}, MODEL)
        places = places_of("model", model_config)
        placed = _placed(model_config, {path: each for path, each in best.items() if path not in places}, "model")
        for path in best.keys() & places.keys():
            *sections, last = places[path]
            reduce(getitem, sections, placed)[last] = best[path]
        return placed

    def load_results(self, source: str | Path) -> StudyResults:
        """Load the results of an earlier search, by the study's name, its `<study>_results.json` or its folder."""
        self._latest = load_results(source, storage=self._storage, results_dir=self._results_dir)
        return self._latest

    def _given(self, results: StudyResults | None) -> StudyResults:
        found = results or self._latest
        if found is None:
            raise InputError("there are no results yet: call optimize or load_results first")
        return found

    def _trained(
        self, configs: Mapping[str, Config | None], space: Space, mapping: Mapping[str, str] | None
    ) -> dict[str, Any]:
        if isinstance(self._engine, TrainingEngine):
            return agents(configs, space, mapping or {})
        if configs.get("env_config"):
            raise InputError(
                "env_config is for FxAI's trading environment; put settings for your engine into data_config"
            )
        return of_engine(self._engine, configs, space, mapping or {})

    def _engine_to_store(
        self, configs: Mapping[str, Config | None], space: Space, mapping: Mapping[str, str] | None
    ) -> EngineToStore:
        functions = functions_of(space)
        content = engine_content(self._engine, configs, functions)
        places = engine_places(space, mapping or {})
        return EngineToStore(content, writer_with_content(self._engine, functions, places, content))

    def _direction(self, metric: str, mode: str | None) -> str:
        if mode is not None and mode not in _MODES:
            raise InputError(f"mode is {mode!r}; it must be min or max")
        if mode is None and metric != DEFAULT_METRIC and not isinstance(self._engine, TrainingEngine):
            raise InputError(f"set mode to min or max: FxAI does not know whether a larger {metric} is better")
        return _MODES[mode or ("min" if metric in LOSSES else "max")]


def _of_model(path: str) -> bool:
    return path.startswith(f"{MODEL}.")


def _placed(config: Config | None, values: Mapping[str, Any], own: str) -> dict[str, Any]:
    """A copy of a configuration with values set; the prefix of its own section is removed from their paths."""
    placed = copy.deepcopy(dict(config or {}))
    for path, value in values.items():
        set_nested(placed, path.removeprefix(f"{own}."), value)
    return placed
