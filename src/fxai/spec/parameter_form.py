"""One parameter as users write it: the guide's types and Ray's names for them."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from fxai.spec.suggestion import did_you_mean

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
    "randint": {"kind": "int"},
    "qrandint": {"kind": "int"},
    "choice": {"kind": "categorical"},
}
STEPPED = ("quniform", "qrandint")
_REFUSED = {
    "qloguniform": "a logarithmic scale takes no step; write loguniform, or quniform on a linear scale",
    "qlograndint": "a logarithmic scale takes no step; write int_log, or qrandint on a linear scale",
}
RENAMED = {"values": "choices", "q": "step"}
SYNONYMS = {"float": ("type", "q"), "int": ("type", "q"), "categorical": ("type", "values")}


@dataclass(frozen=True, slots=True)
class Translation:
    """A parameter in its record's form; `renamed` says by new key which key was written."""

    node: JsonValue
    renamed: dict[str, str] = field(default_factory=dict)
    faults: tuple[tuple[str, str], ...] = ()  # key and message


def translate_parameter(written: Node) -> Translation:
    """A parameter without its `type`, with `kind` and, where the type says so, `log`."""
    faults: list[tuple[str, str]] = []
    kind = written.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        faults.append(("type", _unknown_type(kind, given="type" in written)))
        return Translation(None, faults=tuple(faults))
    node: Node = {}
    renamed: dict[str, str] = {}
    for key, value in written.items():
        new = RENAMED.get(key, key)
        if new != key and new in written:
            faults.append((key, f"means {new}, which is given too; keep one"))
        elif key == "kind":
            faults.append((key, "unknown key; did you mean 'type'?"))
        elif key != "type":
            node[new] = value
            if new != key:
                renamed[new] = key
    if kind in STEPPED and "step" not in node:
        faults.append(("step", f"{kind} needs a step"))
    for key, value in TYPES[kind].items():
        if key in node and node[key] != value:
            faults.append((key, f"contradicts the type {kind}"))
        node[key] = value
    return Translation(node, renamed, tuple(faults))


def _unknown_type(kind: JsonValue, *, given: bool) -> str:
    known = f"one of {', '.join(TYPES)}"
    if not given:
        return f"is required: {known}"
    if isinstance(kind, str) and kind in _REFUSED:
        return f"there is no type {kind!r}: {_REFUSED[kind]}"
    suggestion = did_you_mean(kind, TYPES) if isinstance(kind, str) else ""
    return f"unknown type {kind!r}{suggestion or '.'} It must be {known}"
