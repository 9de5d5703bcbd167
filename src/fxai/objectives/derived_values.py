"""Values that functions compute from a trial's other values, as Ray's `tune.sample_from`.

The functions run in the trial's process before training. The argument of a function has the values sampled so far as
attributes and items: `spec.config.lr`, `spec.config["lr"]`, `spec.lr` and `spec["lr"]` are the same. A function that
needs another function's value is called again when that value is known.
"""

import hashlib
import inspect
import math
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import cloudpickle
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.objectives.engine import ARGUMENTS, Engine
from fxai.objectives.handle import Trial, seed_libraries
from fxai.protocol import JsonObject, TrialError, TrialFailedError, error_of, failed, shown
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.custom_config import CustomConfig, with_json

Function = Callable[..., Any]
Places = Mapping[str, str]
"""Maps names of the search space to dotted paths in a trial's configuration."""

_MODEL = ARGUMENTS[0]
_ABSENT = object()


class DerivingEngine:
    """A training engine whose trials have values derived by functions; implements `engine.Engine`.

    Raises:
        InputError: If a function cannot be sent to the workers.
    """

    def __init__(self, engine: Engine, functions: Mapping[str, Function], places: Places) -> None:
        self._engine = engine
        self._functions = functions
        self._places = places
        for name, function in functions.items():
            _check_picklable(name, function)

    def train(
        self,
        model_config: JsonObject,  # noqa: ARG002 (`trial.config` has all three)
        data_config: JsonObject,  # noqa: ARG002
        training_config: JsonObject,  # noqa: ARG002
        trial: Trial,
    ) -> float | Mapping[str, float]:
        trial.derived = derived_values(self._functions, self._places, trial.config, trial.first_seed)
        trial.config = with_json(CustomConfig(dict(trial.config)), _placed(trial.derived, self._places))
        seed_libraries(trial.seed)
        model, data, training = (cast("JsonObject", trial.config[name]) for name in ARGUMENTS)
        return self._engine.train(model, data, training, trial)


def derived_values(
    functions: Mapping[str, Function], places: Places, config: JsonObject, seed: int
) -> dict[str, JsonValue]:
    """Values of the functions for a trial, by name.

    Libraries are seeded with the trial's seed and the function's name before each call, so a repeated trial has the
    same values.

    Raises:
        TrialFailedError: If a function raises, returns an unsupported value, or depends on itself.
    """
    derived: dict[str, JsonValue] = {}
    left = list(functions)
    while left:
        needs: dict[str, str] = {}
        for name in left:
            later = {*left} - derived.keys() - {name}
            try:
                derived[name] = _derived(name, functions[name], _spec(places, config, derived, later), seed)
            except _NotYet as missing:
                needs[name] = missing.name
        if len(needs) == len(left):
            told = ", ".join(f"{name} needs {other}" for name, other in needs.items())
            raise failed(f"the functions of tune.sample_from depend on each other: {told}")
        left = list(needs)
    return {name: derived[name] for name in functions}


def _derived(name: str, function: Function, spec: "_Spec", seed: int) -> JsonValue:
    seed_libraries(int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:4]))
    try:
        value = function(spec) if _takes_an_argument(function) else function()
    except (Exception, SystemExit) as error:
        told = error_of(error)
        reason = str(error) if isinstance(error, _NoValueError) else told.message
        message = f"tune.sample_from of {name!r} failed: {reason}"
        raise TrialFailedError(TrialError(told.cause, message, told.traceback)) from error
    try:
        return _plain(value)
    except (ValueError, RecursionError) as error:
        wrong = "a value that contains itself" if isinstance(error, RecursionError) else str(error)
        message = f"tune.sample_from of {name!r} returned {wrong}; return numbers, texts, or lists and mappings of them"
        raise failed(message) from None


class _NotYet(BaseException):
    """Raised for a value that another function must derive first; no `except Exception` of a function catches it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _NoValueError(AttributeError, KeyError):
    """Raised for an unknown name; `hasattr` and `get` work as usual."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        super().__init__(f"there is no value {name!r}{did_you_mean(name, known) or '.'} There are {', '.join(known)}")


class _Later:
    """Placeholder of a value that is not derived yet."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Values(Mapping[str, Any]):
    """Values by name, as items and attributes; nested mappings likewise."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree

    def __getitem__(self, name: str) -> Any:
        if name not in self._tree:
            raise _NoValueError(name, self._tree)
        value = self._tree[name]
        if isinstance(value, _Later):
            raise _NotYet(value.name)
        return _Values(value) if isinstance(value, dict) else value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_tree":  # special methods, and copying
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)


class _Spec(_Values):
    """Argument of a function: the values, and `config` with the same values."""

    @property
    def config(self) -> _Values:
        return _Values(self._tree)

    def __getitem__(self, name: str) -> Any:
        return self.config if name == "config" else super().__getitem__(name)


def _spec(places: Places, config: JsonObject, derived: JsonObject, later: set[str]) -> _Spec:
    """The values that a function can read: those of the search space by name, and the whole configuration.

    Without another path, a name of the search space is in `model_config`, so all values there have names.
    """
    placed: dict[str, Any] = with_json(CustomConfig(dict(config)), _placed(derived, places))
    for name in later:
        _set(placed, places[name], _Later(name))
    tree = {**placed[_MODEL], **{name: placed[name] for name in ARGUMENTS}}
    for name, path in places.items():
        value = _at(placed, path)
        if value is not _ABSENT:  # absent if its condition does not hold
            _set(tree, name, value)
            tree[name] = value  # dotted names are also available unsplit
    return _Spec(tree)


def _placed(derived: JsonObject, places: Places) -> dict[str, Any]:
    return {places[name]: value for name, value in derived.items()}


def _at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree.get(key, _ABSENT) if isinstance(tree, dict) else _ABSENT
    return tree


def _set(tree: Any, path: str, value: Any) -> None:
    """Set a value at a dotted path unless another value is in the way."""
    *sections, last = path.split(".")
    for section in sections:
        tree = tree.setdefault(section, {}) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree[last] = value


def _takes_an_argument(function: Function) -> bool:
    try:
        inspect.signature(function).bind(None)
    except ValueError:  # functions in C may have no signature
        return True
    except TypeError:
        return False
    return True


def _plain(value: Any) -> JsonValue:
    """The value as a JSON value; NumPy numbers and arrays are converted."""
    match value:
        case None | bool() | str() | int() | float():
            return _scalar(value)
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    raise ValueError(shown(value))


def _scalar(value: object) -> JsonValue:
    """A plain Python value, also for subclasses such as NumPy's `float64`."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value}, which is not a finite number")
    kinds = (bool, int, float, str)
    return next((kind(value) for kind in kinds if isinstance(value, kind)), None)


def _check_picklable(name: str, function: Function) -> None:
    try:
        cloudpickle.dumps(function)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"tune.sample_from of {name!r} cannot be sent to the workers: {error}. Create files, locks and "
            "connections inside the function"
        ) from None
