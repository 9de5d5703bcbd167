"""Resolves `search_space: ppo` to the parameters of that search space in `config/base/hpo.yaml`."""

from collections.abc import Iterable
from dataclasses import replace

from fxai.errors import Problem
from fxai.spec.fields.algorithm import ALGORITHMS
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.reading.hpo_file import hpo_file, written_space
from fxai.spec.reading.merge import CONFIGS, merge_parameters
from fxai.spec.yaml.source_node import SourceNode, plain_value

_KEY = "search_space"


def resolve_search_space(study: SourceNode, faults: list[Problem]) -> SourceNode:
    """Returns the study with the parameters of its search space and the algorithm of that name.

    The study's own parameters take precedence. Faults are appended to `faults`.
    """
    named = study.keys.get(_KEY)
    if named is None:
        return study
    if named.text not in hpo_file().search_spaces:
        faults.append(Problem(_unknown(named), _KEY, named.line))
        return study
    space = written_space(named.text, named.line)
    own = study.keys.get("parameters", replace(named, value={}))
    mapped = study.keys["param_mapping"].keys if "param_mapping" in study.keys else {}
    parameters = _mapped(merge_parameters(own, space, faults), space.keys.keys() - mapped.keys())
    keys = {**study.keys, "parameters": parameters}
    if named.text in ALGORITHMS:
        there = next((each for each in CONFIGS if each in keys), CONFIGS[0])
        keys[there] = _with_algorithm(keys.get(there, replace(named, value=None)), named)
    return study.with_keys(keys)


def without_search_space_key(study: SourceNode) -> SourceNode:
    """Returns the study without the key `search_space`, after it was resolved."""
    if _KEY not in study.keys:
        return study
    return study.with_keys({key: each for key, each in study.keys.items() if key != _KEY})


def _unknown(named: SourceNode) -> str:
    spaces = hpo_file().search_spaces
    nearest = did_you_mean(named.text, spaces) or "."
    return f"there is no search space {plain_value(named)!r}{nearest} Known: {', '.join(spaces)}"


def _mapped(parameters: SourceNode, names: Iterable[str]) -> SourceNode:
    """Returns the parameters with the paths of the fields that they set, for those of the search space."""
    paths = {name: path for name, path in hpo_file().param_mapping.items() if name in names}

    def placed(name: str, parameter: SourceNode) -> SourceNode:
        if not isinstance(parameter.value, dict) or name not in paths or "path" in parameter.keys:
            return parameter
        return parameter.with_keys({**parameter.keys, "path": replace(parameter, value=paths[name])})

    if isinstance(parameters.value, dict):
        return parameters.with_keys({name: placed(name, each) for name, each in parameters.keys.items()})
    listed = [placed(each.keys["name"].text if "name" in each.keys else "", each) for each in parameters.items]
    return replace(parameters, value=listed) if isinstance(parameters.value, list) else parameters


def _with_algorithm(config: SourceNode, named: SourceNode) -> SourceNode:
    """Returns the configuration with the algorithm of the search space, unless it names one."""
    empty = replace(named, value={})
    config = empty if config.value is None else config
    training = config.keys.get("training", empty)
    training = empty if training.value is None else training
    if not isinstance(config.value, dict) or not isinstance(training.value, dict) or "algorithm" in training.keys:
        return config
    training = training.with_keys({"algorithm": named, **training.keys})
    return config.with_keys({**config.keys, "training": training})
