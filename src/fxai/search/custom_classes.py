"""Custom samplers and pruners: classes that a spec names by import path."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.spec.fields.import_path import split_path
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.pruners import ImportedPruner
from fxai.spec.search.samplers import ImportedSampler
from fxai.spec.search.study import StudySpec


def imported_sampler(record: ImportedSampler, seed: int) -> BaseSampler:
    """The custom sampler; it receives `seed` if it has this argument and the spec does not set it."""
    sampler: BaseSampler = _make(record.type, BaseSampler, record.model_extra or {}, seed)
    return sampler


def imported_pruner(record: ImportedPruner) -> BasePruner:
    """The custom pruner."""
    pruner: BasePruner = _make(record.type, BasePruner, record.model_extra or {})
    return pruner


def check_imported(study: StudySpec) -> None:
    """Create the custom classes of a study once, before the study begins.

    Raises:
        InputError: If a class cannot be imported or created.
    """
    if isinstance(study.sampler, ImportedSampler):
        imported_sampler(study.sampler, study.seed)
    if isinstance(study.pruner, ImportedPruner):
        imported_pruner(study.pruner)


def _make(path: str, base: type[Any], arguments: Mapping[str, JsonValue], seed: int | None = None) -> Any:
    """Create an object of the class.

    Raises:
        InputError: If the path, the class or an argument is wrong.
    """
    made = _class(path, base)
    known = inspect.signature(made).parameters
    open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in known.values())
    for name in arguments:
        if name not in known and not open_ended:
            listed = ", ".join(known) or "no arguments"
            raise InputError(f"{path} has no argument {name!r}{did_you_mean(name, known) or '.'} It has: {listed}")
    seeded = {"seed": seed} if "seed" in known and seed is not None else {}
    try:
        return made(**{**seeded, **arguments})
    except Exception as error:  # custom code may raise any exception
        raise InputError(f"{path} cannot be created with these arguments: {_summary(error)}") from error


def _class(path: str, base: type[Any]) -> type[Any]:
    place, name = split_path(path)
    try:
        module = importlib.import_module(place)
    except Exception as error:  # custom code may raise any exception
        raise InputError(f"{path} cannot be imported: {_summary(error)}") from error
    found = getattr(module, name, None)
    if found is None:
        raise InputError(f"{path}: the module {place} has no {name!r}{did_you_mean(name, dir(module))}")
    if not isinstance(found, type) or not issubclass(found, base):
        raise InputError(f"{path} is not a subclass of Optuna's {base.__name__}, so it cannot be the {_role(base)}")
    return found


def _role(base: type[Any]) -> str:
    return "sampler" if base is BaseSampler else "pruner"


def _summary(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
