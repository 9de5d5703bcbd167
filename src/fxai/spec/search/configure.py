"""Builds the configuration of a trial: that of the study with the parameters of the trial."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from fxai.errors import InputError, SpecError
from fxai.spec.fields.algorithm import algorithm_named, algorithm_of
from fxai.spec.fields.field_paths import as_custom_choice, field_value_of
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.conditions import active_params
from fxai.spec.search.config_fields import ALGORITHM_PATH, config_fields, unknown_path
from fxai.spec.search.custom_config import CustomConfig, with_values
from fxai.spec.search.findings import as_problems, findings_of
from fxai.spec.search.parameters import Choice, Parameter, nearest_value
from fxai.spec.search.searched_algorithm import algorithm_parameter, chosen_name, default_section, with_algorithm
from fxai.spec.search.study import StudySpec


def configure(config: TrainingConfig, params: Mapping[str, Choice]) -> TrainingConfig:
    """Returns the configuration with values set at dotted paths, validated.

    Raises:
        InputError: The configuration has no such path, or values are invalid together, such as a batch larger than
            the rollout.
    """
    tree = config.model_dump()
    algorithm: str = config.training.algorithm
    if ALGORITHM_PATH in params:
        tree["training"] = with_algorithm(config.training, params[ALGORITHM_PATH])
        algorithm = algorithm_of(tree["training"])
    for name, value in params.items():
        if name == ALGORITHM_PATH:
            continue
        if name not in config_fields(algorithm):
            raise InputError(unknown_path(name, algorithm))
        set_at(tree, name, field_value_of(config_fields(algorithm)[name], value))
    try:
        return TrainingConfig.model_validate(tree)
    except ValidationError as error:
        raise SpecError("training_config", as_problems(findings_of(error, tree))) from None


def trial_config(study: StudySpec, params: Mapping[str, Choice]) -> TrainingConfig:
    """Returns the configuration of a trial of fx_trading.

    The parameters take precedence over `fixed`, and `fixed` over training_config. If the algorithm is searched, values
    of `fixed` hold in the trials whose algorithm has the field.

    Raises:
        InputError: As `configure`.
        TypeError: The objective is custom code.
    """
    if isinstance(study.training_config, CustomConfig):
        raise TypeError(f"the objective of {study.study_name} is custom code")
    chosen, fixed = params_by_path(study.parameters, params), study.fixed
    if algorithm_parameter(study.parameters) is not None:
        own = study.training_config.training.algorithm
        known = config_fields(algorithm_named(chosen.get(ALGORITHM_PATH, own)))
        fixed = {path: value for path, value in fixed.items() if path in known}
    return configure(study.training_config, {**fixed, **chosen})


def trial_settings(study: StudySpec, params: Mapping[str, Choice]) -> dict[str, Any]:
    """Returns the configuration of a trial of any objective as JSON values, for the worker.

    Raises:
        InputError: As `configure`; or a parameter is below a value that is not a section.
    """
    config = study.training_config
    if not isinstance(config, CustomConfig):
        return trial_config(study, params).model_dump(mode="json")
    try:
        return with_values(config, {**study.fixed, **params_by_path(study.parameters, params)})
    except ValueError as error:
        raise InputError(str(error)) from None


def params_by_path(parameters: Sequence[Parameter], params: Mapping[str, Choice]) -> dict[str, Choice]:
    """Returns a trial's parameters by the paths that they set, as `configure` expects them."""
    path_of = {parameter.name: parameter.path for parameter in parameters}
    return {path_of.get(name, name): value for name, value in params.items()}


def default_params(study: StudySpec) -> dict[str, Choice]:
    """Returns the parameters of trial 0: the values of the study's configuration, or the nearest allowed values.

    A parameter without a value in the configuration gets the middle of its range or its first choice.
    """
    values = config_values(study)
    return active_params(study.parameters, values, lambda each: nearest_value(each, values.get(each.path)))


def config_values(study: StudySpec) -> dict[str, Choice]:
    """Returns the study's values of all fields by path, and of parameters also by name.

    If the algorithm is searched, the fields that only other algorithms have are there with the values of their trials.
    """
    values = {**_values_of_algorithms(study), **study.fixed}
    return values | {each.name: values[each.path] for each in study.parameters if each.path in values}


def _values_of_algorithms(study: StudySpec) -> dict[str, Choice]:
    config, chooser = study.training_config, algorithm_parameter(study.parameters)
    values = values_of(config)
    if chooser is None or isinstance(config, CustomConfig):
        return values
    for name in chooser.choices:
        section = default_section(config.training, name).model_dump()
        values = {**{f"training.{key}": value for key, value in section.items()}, **values}
    return {**values, ALGORITHM_PATH: chosen_name(config.training, chooser.choices)}


def values_by_algorithm(study: StudySpec) -> tuple[dict[str, Choice], ...]:
    """Returns `config_values` of each choice of a searched algorithm, with the values of its trials; else of the study.

    The algorithm is in the values under its name among the choices.
    """
    config, values = study.training_config, config_values(study)
    chooser = algorithm_parameter(study.parameters)
    if chooser is None or isinstance(config, CustomConfig):
        return (values,)
    found = []
    for name in chooser.choices:
        section = default_section(config.training, name).model_dump()
        own = {f"training.{key}": value for key, value in section.items()}
        fixed = {path: value for path, value in study.fixed.items() if path in own}
        found.append({**values, **own, **fixed, ALGORITHM_PATH: name})
    return tuple(found)


def values_of(config: TrainingConfig | CustomConfig) -> dict[str, Choice]:
    """Returns the values of all fields by path, as choices of a parameter."""
    values = dict(_leaves(config.model_dump()))
    if isinstance(config, TrainingConfig):  # the dump has no lists that are empty by default, and no later fields
        absent = {path: field for path, field in config_fields(config.training.algorithm).items() if path not in values}
        values |= {path: "[]" for path, field in absent.items() if field.default == ()}
        sections = {path.rpartition(".")[0] for path in values}
        scalars = {path: each for path, each in absent.items() if path.rpartition(".")[0] in sections}
        values |= {path: each.default for path, each in scalars.items() if isinstance(each.default, bool | int | float)}
    return values


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Choice]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
            continue
        yield prefix + name, as_custom_choice(value)
        if isinstance(value, tuple):
            yield from ((f"{prefix}{name}.{place}", item) for place, item in enumerate(value))


def value_at(tree: Mapping[str, Any], name: str) -> Any:
    """Returns the value at a dotted path of nested mappings."""
    node: Any = tree
    for part in name.split("."):
        node = node[part]
    return node


def set_at(tree: dict[str, Any], name: str, value: Any) -> None:
    """Sets a value at a dotted path of nested mappings. Missing sections are created, such as a time frame's.

    A number at the end of the path is the index of a list item.

    Raises:
        InputError: The list has no such item.
    """
    *sections, last = name.split(".")
    node: Any = tree
    for section in sections[:-1]:
        node = node.setdefault(section, {})
    if not last.isdigit():
        (node.setdefault(sections[-1], {}) if sections else node)[last] = value
        return
    items = list(node[sections[-1]] or ())
    if int(last) >= len(items):
        raise InputError(
            f"{name} does not exist: {'.'.join(sections)} has {len(items)} items; set {'.'.join(sections)} as a list"
        )
    items[int(last)] = value
    node[sections[-1]] = tuple(items)
