"""`HPOptimizer`: a search in one call, over FxAI's agents or over an engine of the user's own."""

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
from fxai.api.search_settings import Search, grid_of
from fxai.api.search_space import Space, functions_of
from fxai.api.studies import DEFAULT_RESULTS_DIR, load_results
from fxai.api.study_spec import study_of
from fxai.api.trained import DATA, MODEL, TRAINING, agents, engine_places, of_engine
from fxai.api.training_engine import Engine, TrainingEngine
from fxai.errors import InputError
from fxai.results.printed_command import StudyLocation
from fxai.results.study_results import StudyResults
from fxai.search.attributes import FINGERPRINT
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.field_paths import list_of
from fxai.spec.fields.objective import is_custom
from fxai.spec.search.custom_config import DERIVED
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.metrics import LOSSES
from fxai.spec.search.parameters import Parameter
from fxai.study.progress_log import SEARCHES, speaking_logger

_NAME = "hpo"  # what studies without a name of their own begin with
_MODES = {"min": "minimize", "max": "maximize"}
_MODE_OF = {direction: mode for mode, direction in _MODES.items()}
DEFAULT_METRIC = "val_loss"


class HPOptimizer:
    """Searches for good hyperparameters; the trials run on all cores and GPUs of the machine.

    training_engine: what trains; FxAI's own trading agents unless it is an `Engine` of yours.
    ray_config: settings of a Ray cluster. Trials run on this machine's own workers, which take none; that is logged.
    storage: the database of the studies, an SQLAlchemy URL.
    results_dir: where the studies' files go, a folder for each.
    plots: write the HTML plots at the end of a search.

    What happens is logged by `logging.getLogger("HPOptimizer")`; at DEBUG that is every report of every trial.
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
        self._storage = storage
        self._results_dir = expanded_path(results_dir)
        self._plots = plots
        self._logger = speaking_logger(SEARCHES)
        self._latest: StudyResults | None = None
        if not callable(getattr(self._engine, "train", None)):
            raise InputError(f"a training engine has a method train(); {type(self._engine).__name__} has none")
        if ray_config:
            self._logger.warning(
                "ray_config has no effect: trials run on this machine's own workers. `%s` shows a search while it runs",
                StudyLocation(storage, results_dir).command("dashboard"),
            )

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
        fresh: bool = False,
    ) -> StudyResults:
        """Search `param_space` until it has `num_trials` trials, 10 unless given, and return what was found.

        Where all of the space is a grid, each point is tried once unless `num_trials` is given.

        model_config, data_config, training_config, env_config: what all trials share, as the fields of those sections
            of `training_config` in a spec; a key that names a section (`model`, `data`, `training` or
            `hyperparameters`, `env`) is that section in whichever of them it stands.
        param_space: parameters by name, each a mapping as in a spec (`{"type": "loguniform", "low": 1e-5, "high":
            1e-2}`, `{"type": "choice", "values": [32, 64]}`), one of Ray's domains, or a value, which is then the
            same for all trials. With an engine of yours also `tune.sample_from(lambda spec: 2 * spec.config.lr)`, or
            `{"type": "sample_from", "function": lambda spec: ...}`: the function makes a value of the others, in the
            trial's process. The trial keeps it as `derived`.
        metric, mode: what is optimised, "min" or "max"; FxAI knows which for its own metrics. `val_loss` is the mean
            reward of a step on the validation split with its sign turned; the others are `mean_reward`, `sharpe`,
            `total_return` and so on. Of an engine of yours, whatever it returns.
        param_mapping: the field that a name sets, as in `{"lr": "training.learning_rate"}`. Without it `lr`,
            `hidden_size`, the names of `config/base/hpo.yaml` and those that only one section has are known; names
            for an engine of yours are places in `model_config`, dots lead into sections, and `data_config.` or
            `training_config.` at the beginning into the others.
        resources_per_trial: `{"cpu": 2, "gpu": 0.5}`.
        max_concurrent_trials: trials in flight; n_jobs: workers, the whole machine unless given; lanes_per_worker:
            trainings that a worker runs as one tensor program, measured once for each kind unless given.
        search_algorithm: "optuna" (TPE, the default), "random", or another sampler of FxAI's by its short name; a
            sampler of Optuna's, or Ray's `OptunaSearch`, `BasicVariantGenerator` or `ConcurrencyLimiter`.
        scheduler: which trials end early: "median" (the default), "asha", "hyperband", "fifo" for none, or "pbt" for
            population based training; a pruner of Optuna's, or Ray's `ASHAScheduler`, `HyperBandScheduler`,
            `MedianStoppingRule`, `PopulationBasedTraining` or `FIFOScheduler`.
        study_name: a study of that name is resumed, also where sampler, pruner, seed, timeout, `num_trials` or the
            engine are others than before; the first line that is logged names them. Without a name the same call
            resumes its study, and a call with another setting, or other data, has a study of its own.
        seed, seeds_per_trial, timeout, constraints: as in a spec.
        fresh: start anew; the study of this name is kept under another one.
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
            seed=seed,
            timeout=timeout,
            constraints=constraints,
            study_name=study_name,
            fresh=fresh,
            plots=self._plots,
        )
        configs = {MODEL: model_config, DATA: data_config, TRAINING: training_config, "env_config": env_config}
        goal = {"metric_name": metric, "direction": direction, "seeds_per_trial": seeds_per_trial}
        caller = Caller(_NAME, "num_trials", self._storage, self._results_dir, self._logger)
        study = call.study(caller, {**self._trained(configs, call.space, param_mapping), **goal})
        engine = self._engine_to_store(configs, call.space, param_mapping) if is_custom(study.objective) else None
        self._latest = run_call(call, caller, study, engine)
        return self._latest

    def define_search_space(
        self, param_space: Space, param_mapping: Mapping[str, str] | None = None, *, algorithm: str = "ppo"
    ) -> tuple[Parameter, ...]:
        """The space as FxAI searches it, checked against the fields that there are; nothing is run.

        A `SpecError` names every parameter at fault.
        """
        configs = {TRAINING: {"algorithm": algorithm}} if isinstance(self._engine, TrainingEngine) else {}
        return study_of(self._trained(configs, param_space, param_mapping), _NAME, "space").parameters

    def analyze_results(self, results: StudyResults | None = None, top_k: int = TOP_K) -> Analysis:
        """What the trials say together: `analysis["best_trial"]["score"]`, `["parameter_importance"]` and more.

        Without results, of the latest search.
        """
        return Analysis.of(self._given(results), top_k)

    def get_best_model_config(
        self, model_config: Config | None = None, results: StudyResults | None = None
    ) -> dict[str, Any]:
        """`model_config` with the best trial's parameters in their places; of the latest search without results.

        A parameter replaces the value that `model_config` has for its field, however deep it stands. Others stand under
        the name of their section, so that the whole may be given to `optimize` or `TrainingEngine.train` again. For an
        engine of yours those of `model_config` alone are in it; all of them are in `results.best_params`.
        """
        found = self._given(results)
        made_of = found.study.user_attrs[FINGERPRINT]
        derived = found.best.derived
        paths = {**paths_of(made_of), **(made_of["training_config"][DERIVED] if derived else {})}
        best = {paths[name]: list_of(value) for name, value in found.best_params.items()}
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
        """What an earlier search found, by its study's name, its `<study>_results.json` or the folder of its files."""
        self._latest = load_results(source, storage=self._storage, results_dir=self._results_dir)
        return self._latest

    def _given(self, results: StudyResults | None) -> StudyResults:
        found = results or self._latest
        if found is None:
            raise InputError("there are no results yet: optimize, or load_results first")
        return found

    def _trained(
        self, configs: Mapping[str, Config | None], space: Space, mapping: Mapping[str, str] | None
    ) -> dict[str, Any]:
        if isinstance(self._engine, TrainingEngine):
            return agents(configs, space, mapping or {})
        if configs.get("env_config"):
            raise InputError("env_config is the trading environment's; give your engine its own in data_config")
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
            raise InputError(f"mode is {mode!r}; it is min or max")
        if mode is None and metric != DEFAULT_METRIC and not isinstance(self._engine, TrainingEngine):
            raise InputError(f"give the mode, min or max: FxAI does not know whether more {metric} is better")
        return _MODES[mode or ("min" if metric in LOSSES else "max")]


def _of_model(path: str) -> bool:
    return path.startswith(f"{MODEL}.")


def _placed(config: Config | None, values: Mapping[str, Any], own: str) -> dict[str, Any]:
    """A configuration with values in their places; those below its own section's name stand at its top."""
    placed = copy.deepcopy(dict(config or {}))
    for path, value in values.items():
        set_nested(placed, path.removeprefix(f"{own}."), value)
    return placed
