"""Converts search spaces of Python calls to a spec's `parameters`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fxai.api import ray_domains
from fxai.errors import InputError

Space = Mapping[str, Any]


def parameters_of(space: Space, paths: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The parameters of a space, without constants.

    Args:
        space: By name a mapping, `{"type": "loguniform", "low": 1e-5, "high": 1e-2}`, one of Ray's domains, or a
            constant.
        paths: The fields that the parameters set, by name.
    """
    return {
        name: {**_written(name, value), **({"path": paths[name]} if paths[name] != name else {})}
        for name, value in space.items()
        if not is_constant(value)
    }


def constants_of(space: Space) -> dict[str, Any]:
    """The values of a space that are the same for all trials."""
    return {name: json_value(value) for name, value in space.items() if is_constant(value)}


def functions_of(space: Space) -> dict[str, Callable[..., Any]]:
    """The functions of Ray's `tune.sample_from` by name. They derive values from other values."""
    found = {name: ray_domains.function_of(value) for name, value in space.items()}
    functions = {name: function for name, function in found.items() if function is not None}
    for name in functions:
        further = space[name].keys() - {"type", "function"} if isinstance(space[name], Mapping) else ()
        if further:
            raise InputError(f"{name}: sample_from has only a function; remove {', '.join(sorted(further))}")
    return functions


def is_constant(value: object) -> bool:
    return not isinstance(value, Mapping) and not ray_domains.is_domain(value)


def json_value(value: Any) -> Any:
    """The value as JSON data: numbers and arrays of NumPy become Python's."""
    if isinstance(value, Mapping):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [json_value(each) for each in value]
    if isinstance(value, bool | int | float | str | None):
        return value
    if hasattr(value, "tolist"):
        return value.tolist()
    raise InputError(f"a study's database cannot store a value of type {type(value).__name__}: {value!r}")


def _written(name: str, value: Any) -> dict[str, Any]:
    is_rays = ray_domains.is_domain(value) or ray_domains.function_of(value) is not None
    written = ray_domains.spec_entry(name, value) if is_rays else value
    return dict(json_value(written))
