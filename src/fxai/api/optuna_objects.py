"""Optuna's samplers and pruners as objects, `TPESampler(n_startup_trials=5)`, in the words of a spec.

An object is known by the name of its class, and its arguments by the attributes in which Optuna keeps them. What a
spec cannot hold, such as a function, is refused by name and never dropped.
"""

import hashlib
import inspect
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from fxai.errors import InputError
from fxai.spec.fields.field_paths import records_in
from fxai.spec.fields.record import Record
from fxai.spec.search.class_names import CLASS_NAMES
from fxai.spec.search.pruners import OptunaPruner
from fxai.spec.search.samplers import OptunaSampler

_RECORDS: Mapping[str, Mapping[str, type[Record]]] = {
    "sampler": {record.__name__: record for record in records_in(get_args(OptunaSampler)[0])},
    "pruner": {record.__name__: record for record in records_in(get_args(OptunaPruner)[0])},
}
_KEPT_AS = {  # arguments that Optuna keeps under another name, or in one of the sampler's parts
    "deterministic_objective": ("_deterministic",),
    "mutation_prob": ("_child_generation_strategy", "_mutation_prob"),
    "crossover_prob": ("_child_generation_strategy", "_crossover_prob"),
    "swapping_prob": ("_child_generation_strategy", "_swapping_prob"),
    "dividing_parameter": ("_elite_population_selection_strategy", "_dividing_parameter"),
}
_STATE = ("rng", "random_sampler", "search_space", "cache", "seed", "attr_prefix")  # no arguments, but what they draw
_LEAST_RANDOM = 2**32  # a seed from here on is one that Optuna has drawn itself
_ABSENT = object()


def is_object_of(kind: str, value: object) -> bool:
    """Whether this is a sampler or a pruner of Optuna's, or a class of theirs; `kind` is "sampler" or "pruner"."""
    cls = value if isinstance(value, type) else type(value)
    return cls.__name__ in CLASS_NAMES[kind] or any(base.__name__ == f"Base{kind.title()}" for base in cls.__mro__)


def written(kind: str, value: Any) -> dict[str, Any]:
    """The object as `{type: TPESampler, n_startup_trials: 5}`; an `InputError` names what a spec cannot hold."""
    cls = value if isinstance(value, type) else type(value)
    name = cls.__name__
    record = _RECORDS[kind].get(name)
    if record is None:
        known = ", ".join(_RECORDS[kind])
        raise InputError(
            f"{name} is no {kind} that FxAI makes from an object; name its class with its arguments, as in "
            f"{{'type': '{cls.__module__}.{name}'}}. Objects are taken of {known}"
        )
    if name == "GridSampler":
        raise InputError(
            "the grid follows from the parameters: name the sampler 'grid', and write each parameter's values"
        )
    if isinstance(value, type):
        return {"type": name}
    arguments = _arguments(record, value)
    _check_nothing_lost(value, arguments)
    return {"type": name, **arguments}


def grid_of(value: Any) -> Mapping[str, Sequence[Any]] | None:
    """The values by parameter of a `GridSampler` object; None for any other object."""
    kept = None if isinstance(value, type) else getattr(value, "_search_space", None)
    return kept if type(value).__name__ == "GridSampler" and isinstance(kept, Mapping) else None


def seed_of(sampler: Any) -> dict[str, Any]:
    """The seed of a sampler as an argument; empty where it has none of its own."""
    seed = _seed(sampler)
    return {} if seed is None else {"seed": seed}


def _arguments(record: type[Record], value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in record.model_fields:
        argument = _seed(value) if field == "seed" else _kept(value, field)
        if field == "wrapped_pruner" and argument is not None:
            argument = written("pruner", argument)
        infinite = isinstance(argument, float) and math.isinf(argument)  # a bound that is not given
        if argument is not None and argument is not _ABSENT and not infinite:
            found[field] = argument
    found.pop("type", None)
    return found


def _kept(value: Any, field: str) -> Any:
    for name in _KEPT_AS.get(field, (f"_{field}",)):
        value = getattr(value, name, _ABSENT)
    return value


def _seed(sampler: Any) -> int | None:
    """The seed that the sampler was made with; of one that has drawn already, a number that follows from its state."""
    given = getattr(sampler, "_seed", None)
    if isinstance(given, int):
        return given if given < _LEAST_RANDOM else None
    random = getattr(sampler, "_rng", getattr(sampler, "_cma_rng", None))
    state = getattr(random, "_rng", None)
    if state is None:
        return None
    _, key, position, *_ = state.get_state()
    first = int(key[0])
    if (type(state)(first).get_state()[1] == key).all():
        return first
    return int.from_bytes(hashlib.sha256(key.tobytes() + bytes([position % 256])).digest()[:4], "big")


def _check_nothing_lost(value: Any, arguments: Mapping[str, Any]) -> None:
    """Refuse an object that differs from one made with these arguments alone."""
    given = {name: each for name, each in arguments.items() if name != "wrapped_pruner"}
    if hasattr(value, "_wrapped_pruner"):
        given["wrapped_pruner"] = value._wrapped_pruner  # noqa: SLF001 (it is looked at by itself)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same = type(value)(**given)
    if lost := _differing(value, same):
        raise InputError(
            f"{type(value).__name__} has {', '.join(lost)} of its own, which a spec cannot hold. Leave it out, or "
            f"write a class that sets it and name that by its import path, {{'type': 'package.module.Class'}}"
        )


def _differing(one: Any, other: Any) -> list[str]:
    """The attributes in which two objects of one class differ, those of their parts by their own names."""
    lost: list[str] = []
    for name in (each for each in vars(one) if not any(part in each for part in _STATE)):
        mine, others = vars(one)[name], vars(other).get(name, _ABSENT)
        if _has_parts(mine) and type(mine) is type(others):
            lost += _differing(mine, others)
        elif type(mine) is not type(others) or mine != others:
            lost.append(name.strip("_"))
    return lost


def _has_parts(value: Any) -> bool:
    return hasattr(value, "__dict__") and not isinstance(value, type) and not inspect.isroutine(value)
