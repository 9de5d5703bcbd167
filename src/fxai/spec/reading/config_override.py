"""Sets fields of a training configuration by dotted path, as `--set` does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fxai.errors import InputError, Problem, SpecError
from fxai.spec.fields.algorithm import algorithm_named, algorithm_of
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.algorithm_names import SWITCHES, variant_named
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.validation import validate
from fxai.spec.search.config_fields import ALGORITHM_PATH, all_config_fields, config_fields, unknown_path
from fxai.spec.search.configure import set_at
from fxai.spec.search.findings import as_problems
from fxai.spec.yaml.yaml_source import parse_yaml

SOURCE = "--set"
CONFIG = "training_config."  # optional prefix of a path
NO_SUCH_SETTING = "there is no such setting"


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """Why a field cannot be set."""

    message: str
    elsewhere: bool = False  # whether another algorithm has the field
    unknown: str | None = None  # a path that is no field of any algorithm
    known: Sequence[str] = ()  # the paths of this configuration


def override_config(config: TrainingConfig, settings: Mapping[str, str]) -> TrainingConfig:
    """Returns the configuration with fields set, validated.

    Args:
        config: The configuration.
        settings: Value as YAML text by dotted path.

    Raises:
        SpecError: A path or a value is invalid; it has all faults.
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
    changed, findings = validate(TrainingConfig, tree)
    if changed is None or findings:
        raise SpecError(SOURCE, as_problems(findings))
    return changed


def set_in_config(tree: dict[str, Any], config: TrainingConfig, path: str, value: Any) -> ConfigFault | None:
    """Sets a field in the tree of a configuration. Returns the fault of the path, or None.

    Args:
        tree: The configuration as nested dictionaries, which is changed.
        config: The configuration before the first setting. Another algorithm keeps its values of the keys that all
            algorithms share.
        path: The dotted path of the field.
        value: The value, not yet validated.
    """
    if path == ALGORITHM_PATH:
        tree["training"] = _with_algorithm(config.training, value)
        return None
    algorithm = algorithm_of(tree["training"])
    known = sorted(config_fields(algorithm))
    if path not in config_fields(algorithm):
        if path in all_config_fields():
            return ConfigFault(unknown_path(path, algorithm), elsewhere=True)
        return ConfigFault(f"{NO_SUCH_SETTING}{did_you_mean(path, known)}", unknown=path, known=known)
    try:
        set_at(tree, path, value)
    except InputError as error:  # the network has no such layer
        return ConfigFault(str(error).removeprefix(f"{path} "))
    return None


def _with_algorithm(section: AlgorithmConfig, algorithm: Any) -> dict[str, Any]:
    if algorithm_named(algorithm) == section.algorithm:
        replaced = SWITCHES if variant_named(algorithm) else ()
        return {**section.model_dump(exclude=set(replaced)), "algorithm": algorithm}
    shared = section.model_fields_set & AlgorithmConfig.model_fields.keys()
    return {**section.model_dump(include=shared), "algorithm": algorithm}
