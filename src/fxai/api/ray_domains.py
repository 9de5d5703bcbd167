"""Converts Ray Tune's domains, `tune.loguniform(1e-4, 1e-2)`, to parameters of a spec.

Ray need not be installed. A domain is recognised by the attributes that all versions of Ray have: `lower` and
`upper`, or `categories`, and a `sampler`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fxai.errors import InputError

_GRID, _FUNCTION = "grid_search", "sample_from"


def is_domain(value: object) -> bool:
    """Whether the value is one of Ray's domains, or `tune.grid_search([...])`."""
    if isinstance(value, Mapping):
        return value.keys() == {_GRID}
    return type(value).__module__.startswith("ray.tune.")


def function_of(value: object) -> Callable[..., Any] | None:
    """The function of `tune.sample_from` or of `{"type": "sample_from", "function": ...}`; None for other values."""
    if isinstance(value, Mapping):
        function = value.get("function") if value.get("type") == _FUNCTION else None
    else:
        function = getattr(value, "func", None) if is_domain(value) else None
    return function if callable(function) else None


def spec_entry(name: str, domain: Any) -> dict[str, Any]:
    """The domain as `{type: ..., low: ..., high: ...}`. Raises `InputError` for a domain that FxAI does not have."""
    if function_of(domain) is not None:
        raise InputError(
            f"{name}: tune.sample_from is for a training engine of your own, in whose process its function runs. "
            "FxAI's agents have none: take a range, such as tune.uniform, or a plain value; or give HPOptimizer an "
            "engine whose train() computes the value and returns TrainingEngine(seed=trial.seed).train(...)"
        )
    if isinstance(domain, Mapping):
        return {"type": _GRID, "values": list(domain[_GRID])}
    if hasattr(domain, "categories"):
        return {"type": "choice", "values": list(domain.categories)}
    sampler = getattr(domain, "sampler", None)
    quantum = getattr(sampler, "q", None)
    inner = getattr(sampler, "sampler", sampler)  # of a quantised sampler
    scale = type(inner).__name__.lstrip("_")
    if inner is not None and scale == "Normal":
        kind = "randn" if quantum is None else "qrandn"
        return {"type": kind, "mean": inner.mean, "sd": inner.sd, **_steps(quantum)}
    if not hasattr(domain, "lower") or scale not in {"Uniform", "LogUniform"}:
        raise InputError(
            f"{name}: FxAI has no tune.{type(domain).__name__}; use uniform, loguniform, randint or choice"
        )
    return _range(domain, log=scale == "LogUniform", quantum=quantum)


def _range(domain: Any, *, log: bool, quantum: float | None) -> dict[str, Any]:
    """A range. `upper` of Ray's integers is exclusive without steps; both ends of FxAI's are inclusive."""
    scale = "log" if log else ""
    if type(domain).__name__ != "Integer":
        kind = f"{'' if quantum is None else 'q'}{scale}uniform"
        return {"type": kind, "low": domain.lower, "high": domain.upper, **_steps(quantum)}
    if quantum is not None and quantum != 1:
        return {"type": f"q{scale}randint", "low": domain.lower, "high": domain.upper, **_steps(int(quantum))}
    last = domain.upper if quantum == 1 else domain.upper - 1
    return {"type": f"{scale}randint", "low": domain.lower, "high": last}


def _steps(quantum: float | None) -> dict[str, float]:
    return {} if quantum is None else {"q": quantum}
