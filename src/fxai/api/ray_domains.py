"""Search spaces in Ray Tune's own objects, `tune.loguniform(1e-4, 1e-2)`, as the mappings that FxAI reads.

Ray need not be installed: a domain is known by what all versions of Ray's domains have in common, `lower` and
`upper` or `categories`, and a `sampler`.
"""

from collections.abc import Mapping
from typing import Any

from fxai.errors import InputError

_GRID = "grid_search"


def is_domain(value: object) -> bool:
    """Whether this is one of Ray's domains, or its `tune.grid_search([...])`."""
    if isinstance(value, Mapping):
        return value.keys() == {_GRID}
    return type(value).__module__.startswith("ray.tune.")


def written(name: str, domain: Any) -> dict[str, Any]:
    """The domain as `{type: ..., low: ..., high: ...}`; an `InputError` for one that FxAI has not."""
    if isinstance(domain, Mapping):
        return {"type": "choice", "values": list(domain[_GRID])}
    if hasattr(domain, "categories"):
        return {"type": "choice", "values": list(domain.categories)}
    sampler = getattr(domain, "sampler", None)
    quantum = getattr(sampler, "q", None)
    inner = getattr(sampler, "sampler", sampler)  # what a quantised one rounds
    scale = type(inner).__name__.lstrip("_")
    if not hasattr(domain, "lower") or scale not in {"Uniform", "LogUniform"}:
        raise InputError(f"{name}: FxAI has no {_call(domain, scale)}; take uniform, loguniform, randint or choice")
    if quantum is not None and scale == "LogUniform":
        raise InputError(f"{name}: a logarithmic scale takes no steps; take loguniform, or quniform on a linear one")
    return _range(domain, log=scale == "LogUniform", quantum=quantum)


def _range(domain: Any, *, log: bool, quantum: float | None) -> dict[str, Any]:
    """Ray's whole numbers end before `upper`, but for those in steps; FxAI's include both ends."""
    whole = type(domain).__name__ == "Integer"
    if not whole:
        kind = "loguniform" if log else "uniform" if quantum is None else "quniform"
        return {"type": kind, "low": domain.lower, "high": domain.upper, **({"q": quantum} if quantum else {})}
    if quantum is not None and quantum != 1:
        return {"type": "qrandint", "low": domain.lower, "high": domain.upper, "q": int(quantum)}
    last = domain.upper if quantum == 1 else domain.upper - 1
    return {"type": "int_log" if log else "randint", "low": domain.lower, "high": last}


def _call(domain: Any, scale: str) -> str:
    return "tune.randn" if scale == "Normal" else f"tune.{type(domain).__name__}"
