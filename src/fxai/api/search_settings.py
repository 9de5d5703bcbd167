"""`search_algorithm`, `scheduler` and `resources_per_trial` in the words of a spec."""

import math
from collections.abc import Mapping
from typing import Any

from fxai.errors import InputError
from fxai.spec.population import PopulationSearch

_ALGORITHMS = {"optuna": "tpe"}
_SCHEDULERS = {"fifo": "none"}
_POPULATIONS = "pbt"
_POPULATION = PopulationSearch.model_fields["population"].default


def search_settings(
    search_algorithm: str | Mapping[str, Any] | None,
    scheduler: str | Mapping[str, Any] | None,
    *,
    num_trials: int,
) -> dict[str, Any]:
    """The spec's `sampler`, `pruner` and `search`; what is not given stays the spec's default, TPE and the median.

    With population based training the members begin at random points, also where `search_algorithm` is "optuna", as
    in the preset `extensive`: there is nothing for it to propose.
    """
    settings: dict[str, Any] = {}
    if search_algorithm is not None:
        settings["sampler"] = _named(search_algorithm, _ALGORITHMS)
    if scheduler is None:
        return settings
    if _type(scheduler) != _POPULATIONS:
        return {**settings, "pruner": _named(scheduler, _SCHEDULERS)}
    if search_algorithm in {None, "optuna"}:
        settings.pop("sampler", None)
    given = dict(scheduler) if isinstance(scheduler, Mapping) else {"type": _POPULATIONS}
    population = min(_POPULATION, max(num_trials, 2))
    return {**settings, "search": {"population": population, **given}}


def resources(per_trial: Mapping[str, float] | None, lanes_per_worker: int | None = None) -> dict[str, Any]:
    """`{"cpu": 2, "gpu": 0.5}`: cores of a trial, a part of one counting as one, and the share of a GPU."""
    given = dict(per_trial or {})
    cores = max(math.ceil(given.pop("cpu", 1)), 1)
    share = {"gpu_per_trial": given.pop("gpu")} if "gpu" in given else {}
    if given:
        raise InputError(f"resources_per_trial: a trial takes cpu and gpu; there is no {', '.join(map(repr, given))}")
    return {"resources": {"cpu": cores, "lanes_per_worker": lanes_per_worker}, **share}


def _named(value: str | Mapping[str, Any], synonyms: Mapping[str, str]) -> Any:
    return synonyms.get(value.lower(), value) if isinstance(value, str) else dict(value)


def _type(value: str | Mapping[str, Any]) -> str:
    return str(value.get("type") if isinstance(value, Mapping) else value).lower()
