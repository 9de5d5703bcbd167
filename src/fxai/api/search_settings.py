"""`search_algorithm`, `scheduler` and `resources_per_trial` in the words of a spec."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from fxai.api.ray_objects import RaySettings, of_algorithm, of_scheduler
from fxai.errors import InputError
from fxai.spec.search.population import PopulationSearch

Search: TypeAlias = str | Mapping[str, Any] | object | None
"""A short name, a mapping with `type`, or an object of Optuna's or of Ray's."""

_ALGORITHMS = {"optuna": "tpe"}
_SCHEDULERS = {"fifo": "none"}
_POPULATIONS = "pbt"
_POPULATION = PopulationSearch.model_fields["population"].default


def search_settings(
    search_algorithm: Search,
    scheduler: Search,
    *,
    num_trials: int,
    goal: tuple[str, str] | None = None,
    max_concurrent_trials: int | None = None,
    is_grid: bool = False,
) -> dict[str, Any]:
    """The spec's `sampler`, `pruner` and `search`; what is not given stays the spec's default, TPE and the median.

    With population based training the members begin at random points, also where `search_algorithm` is "optuna", as
    in the preset `extensive`: there is nothing for it to propose. An object may name its goal, which is an
    `InputError` where it is another than `goal`, the metric and "min" or "max"; and trials at once, which count where
    `max_concurrent_trials` are not given. `is_grid` says that all parameters are a `grid_search`, of which Ray's own
    `BasicVariantGenerator` tries each point.
    """
    algorithm, schedule = _algorithm(search_algorithm), _scheduler(scheduler)
    for argument, taken in (("search_algorithm", algorithm), ("scheduler", schedule)):
        _check_goal(argument, taken, goal)
    settings = {**algorithm.settings, **schedule.settings}
    if is_grid and algorithm.walks_grids:
        settings["sampler"] = "grid"
    population = schedule.settings.get("search")
    if population is not None:
        if search_algorithm is None or _is_optunas(search_algorithm):
            settings.pop("sampler", None)
        settings["search"] = {"population": min(_POPULATION, max(num_trials, 2)), **population}
    limit = settings.pop("max_concurrent_trials", None) if max_concurrent_trials is None else max_concurrent_trials
    return settings if limit is None else {**settings, "max_concurrent_trials": limit}


def grid_of(search_algorithm: Search) -> Mapping[str, Sequence[Any]] | None:
    """The values by parameter of Optuna's `GridSampler` as an object, within one of Ray's too."""
    return _algorithm(search_algorithm).grid


def conditions(constraints: Sequence[str] | str) -> list[str]:
    """The spec's `constraints`, of one condition or of several."""
    return [constraints] if isinstance(constraints, str) else list(constraints)


def _algorithm(value: Search) -> RaySettings:
    if value is None:
        return RaySettings()
    named = _named(value, _ALGORITHMS)
    return of_algorithm(value) if named is None else RaySettings({"sampler": named})


def _scheduler(value: Search) -> RaySettings:
    if value is None:
        return RaySettings()
    named = _named(value, _SCHEDULERS)
    if named is None:
        return of_scheduler(value)
    if str(named.get("type") if isinstance(named, dict) else named).lower() != _POPULATIONS:
        return RaySettings({"pruner": named})
    return RaySettings({"search": named if isinstance(named, dict) else {"type": _POPULATIONS}})


def _is_optunas(value: Search) -> bool:
    return value == "optuna" or type(value).__name__ == "OptunaSearch"


def _check_goal(argument: str, taken: RaySettings, goal: tuple[str, str] | None) -> None:
    for name, its, ours in zip(("metric", "mode"), (taken.metric, taken.mode), goal or (None, None), strict=True):
        if None not in {its, ours} and its != ours:
            raise InputError(f"{argument} has the {name} {its!r}, the call {ours!r}; give both the same")


def resources(per_trial: Mapping[str, float] | None, lanes_per_worker: int | None = None) -> dict[str, Any]:
    """`{"cpu": 2, "gpu": 0.5}`: cores of a trial, a part of one counting as one, and the share of a GPU."""
    given = dict(per_trial or {})
    cores = max(math.ceil(given.pop("cpu", 1)), 1)
    share = {"gpu_per_trial": given.pop("gpu")} if "gpu" in given else {}
    if given:
        raise InputError(f"resources_per_trial: a trial takes cpu and gpu; there is no {', '.join(map(repr, given))}")
    return {"resources": {"cpu": cores, "lanes_per_worker": lanes_per_worker}, **share}


def _named(value: Search, synonyms: Mapping[str, str]) -> Any:
    """A name or a mapping in the spec's words; None for an object."""
    if isinstance(value, str):
        return synonyms.get(value.lower(), value)
    return dict(value) if isinstance(value, Mapping) else None
