"""A call of `HPOptimizer.optimize` or `MinimalTuner.optimize` as one record, and the study that the call runs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fxai.api.call_study import announce, with_name
from fxai.api.grid import DEFAULT_TRIALS, grid_line, is_pure_grid, with_all_points
from fxai.api.search_settings import Search, Switch, conditions, resources, search_settings
from fxai.api.search_space import Space
from fxai.api.studies import search
from fxai.api.study_spec import study_of, with_engine_folder
from fxai.protocol import JsonObject
from fxai.results.study_results import StudyResults
from fxai.spec.search.study import StudySpec
from fxai.study.progress_log import watch_in_log


@dataclass(frozen=True, slots=True)
class Caller:
    """The object whose `optimize` is called."""

    name: str  # begins the names of studies that the call does not name
    trials_argument: str  # what `optimize` calls its number of trials
    storage: str
    results_dir: Path
    logger: logging.Logger


@dataclass(frozen=True, slots=True)
class SearchCall:
    """The arguments of a call that say how to search. `trials` and what is None are left to FxAI."""

    space: Space
    trials: int | None
    metric: str
    mode: str  # "min" or "max"
    search_algorithm: Search
    scheduler: Search
    max_concurrent_trials: int | None
    resources_per_trial: Mapping[str, float] | None
    lanes_per_worker: int | None
    n_jobs: int | None
    ray_config: Mapping[str, Any] | None
    seed: int
    timeout: float | None
    constraints: Sequence[str] | str
    confirm: Switch
    verdict: Switch
    study_name: str | None
    fresh: bool
    plots: bool

    def study(self, caller: Caller, trained: Mapping[str, Any]) -> StudySpec:
        """The study; `trained` has the keys of a spec that say what the trials train and what is optimised.

        Raises:
            SpecError: names every argument at fault.
        """
        trials = DEFAULT_TRIALS if self.trials is None else self.trials
        settings = {
            **trained,
            **search_settings(
                self.search_algorithm,
                self.scheduler,
                num_trials=trials,
                goal=(self.metric, self.mode),
                max_concurrent_trials=self.max_concurrent_trials,
                is_grid=is_pure_grid(self.space),
            ),
            **resources(self.resources_per_trial, self.lanes_per_worker),
            "n_trials": trials,
            "n_jobs": self.n_jobs,
            **({} if self.ray_config is None else {"ray_config": dict(self.ray_config)}),
            "seed": self.seed,
            "timeout": self.timeout,
            "constraints": conditions(self.constraints),
            "storage": caller.storage,
            "confirm": self.confirm,
            "verdict": self.verdict,
        }
        return with_all_points(study_of(settings, caller.name, self.study_name), self.trials)


@dataclass(frozen=True, slots=True)
class EngineToStore:
    """A training engine that the run writes into the folder of its study."""

    content: JsonObject
    write: Callable[[Path], None]


def run_call(call: SearchCall, caller: Caller, study: StudySpec, engine: EngineToStore | None = None) -> StudyResults:
    """Run the study of a call, under a name of its settings unless the call names it."""
    content = None if engine is None else engine.content
    if call.study_name is None:
        study = with_name(study, caller.name, caller.results_dir, content)
    if not call.fresh:
        beginning = caller.name if call.study_name is None else None
        announce(study, caller.results_dir, caller.logger, caller=beginning, content=content)
    if (line := grid_line(study, call.space, call.trials, caller.trials_argument)) is not None:
        caller.logger.info("%s", line)
    if engine is not None:
        study = with_engine_folder(study, caller.results_dir)
    caller.logger.debug("%s", study.model_dump_json())
    return search(
        *(study, caller.results_dir, caller.logger, watch_in_log(caller.logger)),
        fresh=call.fresh,
        plots=call.plots,
        write_engine=None if engine is None else engine.write,
    )
