"""Converts Optuna's sampler and pruner objects, `TPESampler(n_startup_trials=5)`, to the keys of a spec.

An object is recognised by the name of its class. Its arguments are read from the attributes in which Optuna stores
them. An argument that a spec cannot hold, such as a function, raises an error.
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
_ATTRIBUTES = {  # arguments that Optuna stores under another name, or in a part of the sampler
    "deterministic_objective": ("_deterministic",),
    "mutation_prob": ("_child_generation_strategy", "_mutation_prob"),
    "crossover_prob": ("_child_generation_strategy", "_crossover_prob"),
    "swapping_prob": ("_child_generation_strategy", "_swapping_prob"),
    "dividing_parameter": ("_elite_population_selection_strategy", "_dividing_parameter"),
}
_STATE = ("rng", "random_sampler", "search_space", "cache", "seed", "attr_prefix")  # state, not arguments
_LEAST_RANDOM = 2**32  # Optuna draws seeds of at least this size itself
_ABSENT = object()


def is_object_of(kind: str, value: object) -> bool:
    """Whether the value is one of Optuna's samplers or pruners, or such a class; `kind` is "sampler" or "pruner"."""
    cls = value if isinstance(value, type) else type(value)
    return cls.__name__ in CLASS_NAMES[kind] or any(base.__name__ == f"Base{kind.title()}" for base in cls.__mro__)


def spec_entry(kind: str, value: Any) -> dict[str, Any]:
    """The object as `{type: TPESampler, n_startup_trials: 5}`. Raises `InputError` if a spec cannot hold it."""
    cls = value if isinstance(value, type) else type(value)
    name = cls.__name__
    record = _RECORDS[kind].get(name)
    if record is None:
        known = ", ".join(_RECORDS[kind])
        raise InputError(
            f"{name}: FxAI does not accept objects of this {kind}; name the class with its arguments, for example "
            f"{{'type': '{cls.__module__}.{name}'}}. Objects are accepted of {known}"
        )
    if name == "GridSampler":
        raise InputError(
            "the grid comes from the parameters: use the sampler 'grid', and write the values of each parameter"
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
        argument = _seed(value) if field == "seed" else _stored_argument(value, field)
        if field == "wrapped_pruner" and argument is not None:
            argument = spec_entry("pruner", argument)
        infinite = isinstance(argument, float) and math.isinf(argument)  # no bound
        if argument is not None and argument is not _ABSENT and not infinite:
            found[field] = argument
    found.pop("type", None)
    return found


def _stored_argument(value: Any, field: str) -> Any:
    for name in _ATTRIBUTES.get(field, (f"_{field}",)):
        value = getattr(value, name, _ABSENT)
    return value


def _seed(sampler: Any) -> int | None:
    """The seed of the sampler; for a sampler that has drawn already, a number derived from its state."""
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
    """Refuse an object with state that these arguments do not give."""
    given = {name: each for name, each in arguments.items() if name != "wrapped_pruner"}
    if hasattr(value, "_wrapped_pruner"):
        given["wrapped_pruner"] = value._wrapped_pruner  # noqa: SLF001 (converted separately)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same = type(value)(**given)
    if lost := _differing(value, same):
        raise InputError(
            f"{type(value).__name__} has a value for {', '.join(lost)} that a spec cannot hold. Leave it out, or write "
            f"a class that sets it and name its import path, {{'type': 'package.module.Class'}}"
        )


def _differing(one: Any, other: Any) -> list[str]:
    """The names of the attributes in which two objects of one class differ, including those of their parts."""
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
