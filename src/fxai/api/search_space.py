"""Search spaces as Python programs write them, in the form of a spec's `parameters`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fxai.api import ray_domains
from fxai.errors import InputError

Space = Mapping[str, Any]


def parameters_of(space: Space, paths: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What is searched, by name, with the fields that they set; constants are left out.

    A parameter is a mapping, `{"type": "loguniform", "low": 1e-5, "high": 1e-2}`, or one of Ray's domains.
    """
    return {
        name: {**_written(name, value), **({"path": paths[name]} if paths[name] != name else {})}
        for name, value in space.items()
        if not is_constant(value)
    }


def constants_of(space: Space) -> dict[str, Any]:
    """What is the same for all trials: a plain value, as Ray reads it."""
    return {name: plain(value) for name, value in space.items() if is_constant(value)}


def functions_of(space: Space) -> dict[str, Callable[..., Any]]:
    """By name, the functions of Ray's `tune.sample_from`, which derive values from the others."""
    found = {name: ray_domains.function_of(value) for name, value in space.items()}
    functions = {name: function for name, function in found.items() if function is not None}
    for name in functions:
        further = space[name].keys() - {"type", "function"} if isinstance(space[name], Mapping) else ()
        if further:
            raise InputError(f"{name}: sample_from has a function and no {', no '.join(sorted(further))}")
    return functions


def is_constant(value: object) -> bool:
    return not isinstance(value, Mapping) and not ray_domains.is_domain(value)


def plain(value: Any) -> Any:
    """The value as JSON holds it: NumPy's numbers and arrays become Python's."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    if isinstance(value, bool | int | float | str | None):
        return value
    if hasattr(value, "tolist"):
        return value.tolist()
    raise InputError(f"a {type(value).__name__} is no plain value, which a study's database could keep: {value!r}")


def _written(name: str, value: Any) -> dict[str, Any]:
    is_rays = ray_domains.is_domain(value) or ray_domains.function_of(value) is not None
    written = ray_domains.written(name, value) if is_rays else value
    return dict(plain(written))
