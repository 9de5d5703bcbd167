"""Merges two study mappings; the study's own keys take precedence over those of the base."""

from collections.abc import Iterator
from dataclasses import replace

from fxai.errors import Problem
from fxai.spec.fields.algorithm import algorithm_of
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.algorithm_names import SWITCHES, variant_named
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.class_names import CLASSES, class_name
from fxai.spec.yaml.source_node import SourceNode, plain_value

Entry = tuple[str, SourceNode]  # a parameter's name, empty where none is given, and the parameter
_ONE_OBJECTIVE = ("metric_name", "direction", "objectives")
CONFIGS = ("training_config", "trial_overrides")  # both names of the section


def merge_study(own: SourceNode, base: SourceNode, faults: list[Problem]) -> SourceNode:
    """Returns the study merged with the study that it extends.

    Sections are merged key by key, parameters by name. Another class, algorithm or search space replaces the base's.
    An empty section changes nothing.

    Args:
        own: The study.
        base: The study that it extends.
        faults: List to which faults are appended.
    """
    keys = dict(base.keys)
    if "objectives" in own.keys:  # they replace a single objective
        keys = {key: each for key, each in keys.items() if key not in _ONE_OBJECTIVE}
    for key, value in own.keys.items():
        there = next((each for each in CONFIGS if each in keys), key) if key in CONFIGS else key
        if there not in keys or key == "objective":
            keys[key] = value
        elif key in CLASSES:
            keys[key] = _class(key, value, keys[key])
        elif key in CONFIGS:
            keys[there] = _config(value, keys[there])
        elif key == "parameters":
            keys[key] = value if "search_space" in own.keys else merge_parameters(value, keys[key], faults)
        else:
            keys[key] = _merged(value, keys[key])
    return own.with_keys(keys)


def merge_parameters(own: SourceNode, base: SourceNode, faults: list[Problem]) -> SourceNode:
    """Returns parameters merged by name, as a list or a mapping like `own`. `name: null` removes a parameter."""
    if not isinstance(own.value, dict | list):
        return base if own.value is None else own
    entries = dict(_entries(base))
    further: list[Entry] = []  # parameters without a name, or with that of an earlier one
    seen: set[str] = set()
    for name, parameter in _entries(own):
        if parameter.value is None and isinstance(own.value, dict):
            if entries.pop(name, None) is None:
                message = f"null removes a parameter, but the base has no {name!r}{did_you_mean(name, entries)}"
                faults.append(Problem(message, f"parameters.{name}", parameter.line))
        elif not name or name in seen:
            further.append((name, parameter))
        else:
            entries[name] = parameter
        seen.add(name)
    merged = [*entries.items(), *further]
    if isinstance(own.value, dict):
        return own.with_keys(dict(merged))
    return replace(own, value=[_with_name(name, parameter) for name, parameter in merged])


def _entries(parameters: SourceNode) -> Iterator[Entry]:
    yield from parameters.keys.items()
    for parameter in parameters.items:
        yield parameter.keys["name"].text if "name" in parameter.keys else "", parameter


def _with_name(name: str, parameter: SourceNode) -> SourceNode:
    """Returns a parameter with the key `name`, as in a list."""
    if not name or "name" in parameter.keys or not isinstance(parameter.value, dict):
        return parameter
    return parameter.with_keys({"name": replace(parameter, value=name), **parameter.keys})


def _class(kind: str, own: SourceNode, base: SourceNode) -> SourceNode:
    """Merges a sampler or pruner. Arguments are inherited only if the class is the same."""
    own, base = _as_mapping(own), _as_mapping(base)
    if "type" in own.keys and _name(kind, own) != _name(kind, base):
        return own
    return _merged(own, base)


def _name(kind: str, named: SourceNode) -> str:
    return class_name(kind, named.keys["type"].text) if "type" in named.keys else ""


def _as_mapping(named: SourceNode) -> SourceNode:
    return named.with_keys({"type": named}) if isinstance(named.value, str) else named


def _config(own: SourceNode, base: SourceNode) -> SourceNode:
    """Merges `training_config`. From another algorithm only the keys that all algorithms share are inherited.

    A variant of DQN that is named, such as `d3qn`, replaces the switches of the base. A source replaces that of the
    base with all its instruments.
    """
    data, of_base = own.keys.get("data"), base.keys.get("data")
    if data is not None and of_base is not None and "source" in data.keys and data.keys["source"].value is not None:
        others = {key: each for key, each in of_base.keys.items() if key != "source"}
        base = base.with_keys({**base.keys, "data": of_base.with_keys(others)})
    training, inherited = own.keys.get("training"), base.keys.get("training")
    if training is None or inherited is None or "algorithm" not in training.keys:
        return _merged(own, base)
    if algorithm_of(plain_value(training)) != algorithm_of(plain_value(inherited)):
        shared = {key: each for key, each in inherited.keys.items() if key in AlgorithmConfig.model_fields}
        base = base.with_keys({**base.keys, "training": inherited.with_keys(shared)})
    elif variant_named(plain_value(training.keys["algorithm"])):
        others = {key: each for key, each in inherited.keys.items() if key not in SWITCHES}
        base = base.with_keys({**base.keys, "training": inherited.with_keys(others)})
    return _merged(own, base)


def _merged(own: SourceNode, base: SourceNode) -> SourceNode:
    if own.value is None and isinstance(base.value, dict):
        return base
    if not isinstance(own.value, dict) or not isinstance(base.value, dict):
        return own
    both = {key: _merged(value, base.keys[key]) for key, value in own.keys.items() if key in base.keys}
    return own.with_keys({**base.keys, **own.keys, **both})
