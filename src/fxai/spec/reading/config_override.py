"""Settings made in a training's configuration by their dotted paths, as `--set` gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fxai.errors import InputError, Problem, SpecError
from fxai.spec.fields.algorithm import algorithm_of
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.validation import validate
from fxai.spec.search.config_fields import ALGORITHM_PATH, all_config_fields, config_fields, unknown_path
from fxai.spec.search.configure import set_at
from fxai.spec.search.findings import as_problems
from fxai.spec.yaml.yaml_source import parse_yaml

SOURCE = "--set"
CONFIG = "training_config."  # which a path may begin with
NO_SUCH_SETTING = "there is no such setting"


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """Why a setting cannot be made."""

    message: str
    elsewhere: bool = False  # another algorithm has the field
    unknown: str | None = None  # a path that no configuration has
    there: Sequence[str] = ()  # the paths that this one has


def override_config(config: TrainingConfig, settings: Mapping[str, str]) -> TrainingConfig:
    """The configuration with settings made, each a path and its value as YAML, validated anew.

    `SpecError` names every setting at fault.
    """
    tree = config.model_dump()
    problems: list[Problem] = []
    for key, text in sorted(settings.items(), key=lambda each: each[0].removeprefix(CONFIG) != ALGORITHM_PATH):
        try:
            value = parse_yaml(text, f"{SOURCE} {key}").value
        except SpecError as error:
            problems += (Problem(problem.message, key) for problem in error.problems)
            continue
        if (fault := set_in_config(tree, config, key.removeprefix(CONFIG), value)) is not None:
            problems.append(Problem(fault.message, key))
    if problems:
        raise SpecError(SOURCE, tuple(problems))
    made, findings = validate(TrainingConfig, tree)
    if made is None or findings:
        raise SpecError(SOURCE, as_problems(findings))
    return made


def set_in_config(tree: dict[str, Any], written: TrainingConfig, path: str, value: Any) -> ConfigFault | None:
    """Set a value in the tree of a configuration that was `written`; what is wrong with the path, or None.

    Another algorithm keeps what was written of the keys that all algorithms have.
    """
    if path == ALGORITHM_PATH:
        tree["training"] = _with_algorithm(written.training, value)
        return None
    algorithm = algorithm_of(tree["training"])
    there = sorted(config_fields(algorithm))
    if path not in there:
        if path in all_config_fields():
            return ConfigFault(unknown_path(path, algorithm), elsewhere=True)
        return ConfigFault(f"{NO_SUCH_SETTING}{did_you_mean(path, there)}", unknown=path, there=there)
    try:
        set_at(tree, path, value)
    except InputError as error:  # a layer that is not there
        return ConfigFault(str(error).removeprefix(f"{path} "))
    return None


def _with_algorithm(section: AlgorithmConfig, algorithm: Any) -> dict[str, Any]:
    if algorithm == section.algorithm:
        return section.model_dump()
    shared = section.model_fields_set & AlgorithmConfig.model_fields.keys()
    return {**section.model_dump(include=shared), "algorithm": algorithm}
