"""Converts Ray Tune's search algorithms and schedulers, `ASHAScheduler(grace_period=5)`, to the keys of a spec.

Ray need not be installed. An object is recognised by the name of its class, and its arguments by attributes of the
same names, with or without an underscore. Ray's times count FxAI's steps: updates of FxAI's agents, or the steps that
an engine reports. `max_t` of a scheduler with one bracket has no effect, since the configuration has the length of a
trial. A time in seconds raises an error, unless it is Ray's default.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fxai.api import optuna_objects
from fxai.errors import InputError

_ITERATION = "training_iteration"
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class RaySettings:
    """An object's settings in a spec's keys, its goal and its grid."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    metric: str | None = None
    mode: str | None = None
    grid: Mapping[str, Sequence[Any]] | None = None  # values by parameter
    exhausts_grids: bool = False  # tries each point of a grid, and samples at random in other spaces


def of_algorithm(value: Any) -> RaySettings:
    """The settings of one of Ray's search algorithms or Optuna's samplers."""
    grid = optuna_objects.grid_of(value)
    if grid is not None:
        return RaySettings({"sampler": {"type": "grid", **optuna_objects.seed_of(value)}}, grid=grid)
    if optuna_objects.is_object_of("sampler", value):
        return RaySettings({"sampler": optuna_objects.spec_entry("sampler", value)})
    return _of(value, _ALGORITHMS, "search_algorithm")


def of_scheduler(value: Any) -> RaySettings:
    """The settings of one of Ray's schedulers or Optuna's pruners."""
    if optuna_objects.is_object_of("pruner", value):
        return RaySettings({"pruner": optuna_objects.spec_entry("pruner", value)})
    return _of(value, _SCHEDULERS, "scheduler")


def _of(value: Any, known: Mapping[str, Callable[[Any], RaySettings]], argument: str) -> RaySettings:
    name = (value if isinstance(value, type) else type(value)).__name__
    if name not in known:
        raise InputError(
            f"{argument}: FxAI does not accept {name}; use a name, a mapping, an object of Optuna, or Ray's "
            f"{', '.join(known)}"
        )
    if isinstance(value, type):
        raise InputError(f"{argument}: give an object, {name}(), not the class {name}")
    found = known[name](value)
    goal = {key: read for key in ("metric", "mode") if isinstance(read := _read(value, key), str)}
    return replace(found, **{**goal, **{key: each for key in goal if (each := getattr(found, key)) is not None}})


def _optuna_search(value: Any) -> RaySettings:
    _refuse(value, "space", "give the space as param_space")
    _refuse(value, "evaluated_rewards", "FxAI evaluates all points itself; give only points_to_evaluate")
    _refuse(value, "storage", "give the storage to HPOptimizer or MinimalTuner")
    sampler = _read(value, "sampler")
    if sampler is _ABSENT or sampler is None:
        seed = _read(value, "seed")
        return RaySettings(
            {"sampler": {"type": "tpe", **({"seed": seed} if isinstance(seed, int) else {})}, **_points(value)}
        )
    inner = of_algorithm(sampler)
    return replace(inner, settings={**inner.settings, **_points(value)})


def _random_search(value: Any) -> RaySettings:
    concurrent = _read(value, "max_concurrent")
    limit = {"max_concurrent_trials": concurrent} if isinstance(concurrent, int) and concurrent > 0 else {}
    return RaySettings({"sampler": "random", **limit, **_points(value)}, exhausts_grids=True)


def _limited(value: Any) -> RaySettings:
    inner = of_algorithm(_read(value, "searcher"))
    concurrent = _read(value, "max_concurrent")
    return replace(inner, settings={**inner.settings, "max_concurrent_trials": concurrent})


def _asha(value: Any) -> RaySettings:
    _check_time(value, "AsyncHyperBandScheduler")
    brackets, grace = _brackets(value)
    rungs = {"min_resource": grace, "reduction_factor": _whole(value, "reduction_factor", 4)}
    if brackets == 1:
        return RaySettings({"pruner": {"type": "asha", **rungs}})
    return RaySettings({"pruner": {"type": "hyperband", **rungs, "max_resource": _whole(value, "max_t", 100)}})


def _hyperband(value: Any) -> RaySettings:
    _check_time(value, "HyperBandScheduler")
    longest = _read(value, "max_t_attr")
    longest = _whole(value, "max_t", 81) if longest is _ABSENT else int(longest)
    factor = _whole(value, "eta" if _read(value, "eta") is not _ABSENT else "reduction_factor", 3)
    return RaySettings({"pruner": {"type": "hyperband", "max_resource": longest, "reduction_factor": factor}})


def _median(value: Any) -> RaySettings:
    least = _whole(value, "min_samples_required", 3)
    pruner = {"type": "median", "n_startup_trials": least, "n_min_trials": least}
    if _times_in_seconds(value, "grace_period", 60.0):
        return RaySettings({"pruner": pruner})
    return RaySettings({"pruner": {**pruner, "n_warmup_steps": _whole(value, "grace_period", 1)}})


def _population(value: Any) -> RaySettings:
    _refuse(value, "custom_explore_fn", "FxAI changes parameters by perturbation_factors and resample_probability only")
    given = {
        "quantile": _read(value, "quantile_fraction"),
        "resample_probability": _read(value, "resample_probability"),
        "perturbation": _read(value, "perturbation_factors"),
    }
    settings = {key: each for key, each in given.items() if each is not _ABSENT and each is not None}
    if "perturbation" in settings:
        settings["perturbation"] = list(settings["perturbation"])
    if not _times_in_seconds(value, "perturbation_interval", 60.0):
        settings["ready_interval"] = _whole(value, "perturbation_interval", 1)
    return RaySettings({"search": {"type": "pbt", **settings}})


def _no_scheduler(_value: Any) -> RaySettings:
    return RaySettings({"pruner": "none"})


_ALGORITHMS: Mapping[str, Callable[[Any], RaySettings]] = {
    "OptunaSearch": _optuna_search,
    "BasicVariantGenerator": _random_search,
    "ConcurrencyLimiter": _limited,
}
_SCHEDULERS: Mapping[str, Callable[[Any], RaySettings]] = {
    "ASHAScheduler": _asha,
    "AsyncHyperBandScheduler": _asha,
    "HyperBandScheduler": _hyperband,
    "MedianStoppingRule": _median,
    "PopulationBasedTraining": _population,
    "FIFOScheduler": _no_scheduler,
}


def _read(value: Any, name: str) -> Any:
    """The argument of this name, from the attribute of Ray's class."""
    return getattr(value, f"_{name}", getattr(value, name, _ABSENT))


def _refuse(value: Any, name: str, instead: str) -> None:
    """Refuse an argument that a spec cannot hold."""
    given = _read(value, name)
    if given is not _ABSENT and given is not None:
        raise InputError(f"{type(value).__name__} has {name}, which FxAI does not support: {instead}")


def _points(value: Any) -> dict[str, Any]:
    points = _read(value, "points_to_evaluate")
    return {"enqueue": [dict(point) for point in points]} if points is not _ABSENT and points else {}


def _brackets(value: Any) -> tuple[int, int]:
    """The number of brackets, and the steps before the first rung. Ray stores both in the rungs of the brackets."""
    brackets = _read(value, "brackets")
    if not isinstance(brackets, list):
        return (1 if brackets is _ABSENT else int(brackets)), _whole(value, "grace_period", 1)
    last_rung, _ = brackets[0]._rungs[-1]  # noqa: SLF001 (nowhere else)
    return len(brackets), int(last_rung)


def _check_time(value: Any, scheduler: str) -> None:
    unit = _read(value, "time_attr")
    if unit not in {_ABSENT, _ITERATION}:
        raise InputError(f"{scheduler} counts {unit}; FxAI counts steps: use time_attr={_ITERATION!r}")


def _times_in_seconds(value: Any, name: str, default: float) -> bool:
    """Whether a time is in seconds. Raises `InputError` if it is, and is not Ray's default."""
    unit = _read(value, "time_attr")
    if unit == _ITERATION:
        return False
    given = _read(value, name)
    if given not in {_ABSENT, default}:
        raise InputError(
            f"{type(value).__name__} has {name}={given} in {unit if unit is not _ABSENT else 'seconds'}; FxAI counts "
            f"steps: use time_attr={_ITERATION!r}"
        )
    return True


def _whole(value: Any, name: str, default: int) -> int:
    given = _read(value, name)
    given = default if given is _ABSENT else given
    if given != int(given):
        raise InputError(f"{type(value).__name__} has {name}={given}; FxAI needs a whole number")
    return int(given)
