"""Translates a parameter from the form of spec files: the guide's types and Ray's names for them."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import TypeGuard

from pydantic import JsonValue

from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.parameters import shortened
from fxai.spec.search.steps import decimal_of

Node = dict[str, JsonValue]

TYPES: dict[str, Node] = {
    "float": {"kind": "float"},
    "float_log": {"kind": "float", "log": True},
    "int": {"kind": "int"},
    "int_log": {"kind": "int", "log": True},
    "categorical": {"kind": "categorical"},
    "uniform": {"kind": "float"},
    "loguniform": {"kind": "float", "log": True},
    "quniform": {"kind": "float"},
    "qloguniform": {"kind": "float", "log": True},
    "randint": {"kind": "int"},
    "lograndint": {"kind": "int", "log": True},
    "qrandint": {"kind": "int"},
    "qlograndint": {"kind": "int", "log": True},
    "randn": {"kind": "float", "log": False},
    "qrandn": {"kind": "float", "log": False},
    "choice": {"kind": "categorical"},
    "grid_search": {"kind": "categorical"},
}
STEPPED = ("quniform", "qloguniform", "qrandint", "qlograndint", "qrandn")
NORMAL = ("randn", "qrandn")
DEVIATIONS = 3  # standard deviations on each side of the mean
GRID = "grid_search"
_REFUSED = {
    "sample_from": "a spec cannot contain functions; write a range, or compute the value in your code",
}
RENAMED = {"values": "choices", "q": "step"}
SYNONYMS = {"float": ("type", "q"), "int": ("type", "q"), "categorical": ("type", "values")}
_SHAPES = "{low: 1, high: 10} is an int and {low: 0.1, high: 1} a float, {values: [a, b]} is categorical"


@dataclass(frozen=True, slots=True)
class Translation:
    """A parameter in the form of its record. `renamed` has the key of the file by the key of the record."""

    node: JsonValue
    renamed: dict[str, str] = field(default_factory=dict)
    faults: tuple[tuple[str, str], ...] = ()  # key and message


def translate_parameter(written: Node) -> Translation:
    """Translates a parameter: its `type` becomes `kind` and, for some types, `log`."""
    kind = written.get("type", _type_of(written))
    if not isinstance(kind, str) or kind not in TYPES:
        return Translation(None, faults=(("type", _unknown_type(kind, given="type" in written)),))
    faults: list[tuple[str, str]] = []
    if kind in NORMAL:
        written, faults = _as_range(written)
    node, renamed, misnamed = _with_own_keys(written)
    faults += misnamed
    if kind in STEPPED and "step" not in node:
        faults.append(("step", f"{kind} needs a step"))
    for key, value in TYPES[kind].items():
        if key in node and node[key] != value:
            faults.append((key, f"contradicts the type {kind}"))
        node[key] = value
    return Translation(node, renamed, tuple(faults))


def _with_own_keys(written: Node) -> tuple[Node, dict[str, str], list[tuple[str, str]]]:
    """Returns the parameter under the keys of its record, the renamed keys, and faults."""
    node: Node = {}
    renamed: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    for key, value in written.items():
        new = RENAMED.get(key, key)
        if new != key and new in written:
            faults.append((key, f"is the same as {new}, which is given too; keep one"))
        elif key == "kind":
            faults.append((key, "unknown key; did you mean 'type'?"))
        elif key != "type":
            node[new] = value
            if new != key:
                renamed[new] = key
    return node, renamed, faults


def is_grid(parameters: Iterable[JsonValue]) -> bool:
    """Whether all parameters, as written, are Ray's `grid_search`."""
    types = [each.get("type") if isinstance(each, dict) else None for each in parameters]
    return bool(types) and all(each == GRID for each in types)


def _type_of(written: Node) -> JsonValue:
    """Infers the type of a parameter from its choices, or from whether the ends of its range are whole numbers."""
    if "values" in written or "choices" in written:
        return "categorical"
    if "low" not in written or "high" not in written:
        return None
    ends = [written[key] for key in ("low", "high", "step", "q") if written.get(key) is not None]
    return "int" if all(isinstance(each, int) and not isinstance(each, bool) for each in ends) else "float"


def _as_range(written: Node) -> tuple[Node, list[tuple[str, str]]]:
    """Replaces `{mean: 0, sd: 1}` by the range of 3 standard deviations around the mean; with q, by multiples of q."""
    node = {key: value for key, value in written.items() if key not in ("mean", "sd")}
    mean, sd = written.get("mean", 0), written.get("sd", 1)
    quantum = written.get("q", written.get("step"))
    faults: list[tuple[str, str]] = [
        (key, "follows from mean and sd; remove it") for key in ("low", "high", "log") if key in written
    ]
    if not _is_finite(mean):
        faults.append(("mean", f"must be a number, not {_shown(mean)}"))
    elif not _is_finite(sd) or sd <= 0:
        faults.append(("sd", f"must be a number above 0, not {_shown(sd)}"))
    elif not faults:
        low, high = (decimal_of(mean) + each * DEVIATIONS * decimal_of(sd) for each in (-1, 1))
        if _is_finite(quantum) and quantum > 0:
            step = decimal_of(quantum)
            low = (low / step).to_integral_value(ROUND_CEILING) * step
            high = (high / step).to_integral_value(ROUND_FLOOR) * step
        return {**node, "low": float(low), "high": float(high)}, faults
    return {**node, "low": 0, "high": 1}, faults


def _shown(value: JsonValue) -> str:
    return shortened(value) if isinstance(value, int | float) else repr(value)


def _is_finite(value: JsonValue) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _unknown_type(kind: JsonValue, *, given: bool) -> str:
    known = f"one of {', '.join(TYPES)}"
    if not given:
        return f"is required unless low and high, or values, are given ({_SHAPES}): {known}"
    if isinstance(kind, str) and kind in _REFUSED:
        return f"there is no type {kind!r}: {_REFUSED[kind]}"
    suggestion = did_you_mean(kind, TYPES) if isinstance(kind, str) else ""
    return f"unknown type {kind!r}{suggestion or '.'} It must be {known}"
