"""Names of samplers and pruners: short names in upper or lower case, and the names of the classes."""

from typing import Any, get_args

from pydantic import JsonValue

from fxai.spec.fields.field_paths import records_in
from fxai.spec.search.pruners import OptunaPruner
from fxai.spec.search.samplers import OptunaSampler

Node = dict[str, JsonValue]
SHORT_NAMES: dict[str, dict[str, str]] = {
    "sampler": {
        "tpe": "TPESampler",
        "random": "RandomSampler",
        "cmaes": "CmaEsSampler",
        "gp": "GPSampler",
        "qmc": "QMCSampler",
        "grid": "GridSampler",
        "brute_force": "BruteForceSampler",
        "nsga2": "NSGAIISampler",
        "nsga3": "NSGAIIISampler",
    },
    "pruner": {
        "median": "MedianPruner",
        "percentile": "PercentilePruner",
        "asha": "SuccessiveHalvingPruner",
        "hyperband": "HyperbandPruner",
        "threshold": "ThresholdPruner",
        "patient": "PatientPruner",
        "none": "NopPruner",
        "nop": "NopPruner",
    },
}
CLASSES = tuple(SHORT_NAMES)


def _names_of(union: Any) -> list[str]:
    return [record.__name__ for record in records_in(get_args(union)[0])]


CLASS_NAMES = {"sampler": _names_of(OptunaSampler), "pruner": _names_of(OptunaPruner)}
_CANONICAL = {kind: {**{name.lower(): name for name in CLASS_NAMES[kind]}, **SHORT_NAMES[kind]} for kind in SHORT_NAMES}


def class_name(kind: str, name: str) -> str:
    """Returns the class: `TPESampler` for `tpe` or `optuna.samplers.TPESampler`. Unknown names are unchanged."""
    plain = name.replace(":", ".").removeprefix(f"optuna.{kind}s.")
    return _CANONICAL[kind].get(plain.lower(), name)


def with_class(kind: str, named: JsonValue) -> JsonValue:
    """Returns a sampler or pruner as a mapping with the name of its class: `{type: TPESampler}` for `tpe`."""
    if isinstance(named, str):
        return {"type": class_name(kind, named)}
    if not isinstance(named, dict) or not isinstance(name := named.get("type"), str):
        return named
    wrapped: Node = {key: with_class(kind, named[key]) for key in ("wrapped_pruner",) if key in named}
    return {**named, "type": class_name(kind, name), **wrapped}


def with_classes(settings: Node) -> Node:
    """Returns a study's settings with its sampler and pruner as mappings with the names of their classes."""
    return {**settings, **{kind: with_class(kind, settings[kind]) for kind in CLASSES if kind in settings}}
