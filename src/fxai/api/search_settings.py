"""Converts `search_algorithm`, `scheduler` and `resources_per_trial` to the keys of a spec."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from fxai.api.ray_objects import RaySettings, of_algorithm, of_scheduler
from fxai.errors import InputError
from fxai.spec.search.population import PopulationSearch

Search: TypeAlias = str | Mapping[str, Any] | object | None
Switch: TypeAlias = bool | str | Mapping[str, Any] | None
"""`confirm` and `verdict`: on or off, or on with settings; None is the default."""
"""A short name, a mapping with `type`, or an object of Optuna or Ray."""

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
    """The spec's `sampler`, `pruner` and `search`. The defaults are TPE and the median pruner.

    The members of population based training start at random points, also with `search_algorithm="optuna"`, as in the
    preset `extensive`.

    Args:
        search_algorithm: Name, mapping or object. An object may have a number of concurrent trials, which counts if
            `max_concurrent_trials` is None.
        scheduler: Name, mapping or object.
        num_trials: Number of trials.
        goal: The metric, and "min" or "max".
        max_concurrent_trials: Greatest number of running trials.
        is_grid: Whether all parameters are a `grid_search`. Ray's `BasicVariantGenerator` then tries each point.

    Raises:
        InputError: An object has another goal, or a setting that a spec cannot hold.
    """
    algorithm, schedule = _algorithm(search_algorithm), _scheduler(scheduler)
    for argument, converted in (("search_algorithm", algorithm), ("scheduler", schedule)):
        _check_goal(argument, converted, goal)
    settings = {**algorithm.settings, **schedule.settings}
    if is_grid and algorithm.exhausts_grids:
        settings["sampler"] = "grid"
    population = schedule.settings.get("search")
    if population is not None:
        if search_algorithm is None or _is_optunas(search_algorithm):
            settings.pop("sampler", None)
        settings["search"] = {"population": min(_POPULATION, max(num_trials, 2)), **population}
    limit = settings.pop("max_concurrent_trials", None) if max_concurrent_trials is None else max_concurrent_trials
    return settings if limit is None else {**settings, "max_concurrent_trials": limit}


def grid_of(search_algorithm: Search) -> Mapping[str, Sequence[Any]] | None:
    """The values by parameter of Optuna's `GridSampler` object, also inside an object of Ray; else None."""
    return _algorithm(search_algorithm).grid


def conditions(constraints: Sequence[str] | str) -> list[str]:
    """The spec's `constraints`, from one condition or several."""
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


def _check_goal(argument: str, converted: RaySettings, goal: tuple[str, str] | None) -> None:
    own = (converted.metric, converted.mode)
    for name, its, ours in zip(("metric", "mode"), own, goal or (None, None), strict=True):
        if None not in {its, ours} and its != ours:
            raise InputError(f"{argument} has the {name} {its!r}, the call {ours!r}; use the same in both")


def resources(per_trial: Mapping[str, float] | None, lanes_per_worker: int | None = None) -> dict[str, Any]:
    """The spec's resources of `{"cpu": 2, "gpu": 0.5}`: cores, rounded up, the share of a GPU, and custom ones."""
    given = dict(per_trial or {})
    cores = max(math.ceil(given.pop("cpu", 1)), 1)
    share = {"gpu_per_trial": given.pop("gpu")} if "gpu" in given else {}
    custom = {"custom": given} if given else {}
    return {"resources": {"cpu": cores, "lanes_per_worker": lanes_per_worker, **custom}, **share}


def _named(value: Search, synonyms: Mapping[str, str]) -> Any:
    """A name or a mapping as the spec has it; None for an object."""
    if isinstance(value, str):
        return synonyms.get(value.lower(), value)
    return dict(value) if isinstance(value, Mapping) else None
