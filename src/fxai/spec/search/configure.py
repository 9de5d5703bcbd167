"""A trial's configuration: the study's own with the trial's parameters in their places."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from fxai.errors import InputError, SpecError
from fxai.spec.fields.field_paths import as_custom_choice, of_choice
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.conditions import walk
from fxai.spec.search.config_fields import ALGORITHM_PATH, ONE_STUDY_EACH, config_fields, unknown_path
from fxai.spec.search.custom_config import CustomConfig, with_values
from fxai.spec.search.findings import as_problems, findings_of
from fxai.spec.search.parameters import Choice, Parameter, nearest_value
from fxai.spec.search.study import StudySpec


def configure(config: TrainingConfig, params: Mapping[str, Choice]) -> TrainingConfig:
    """`config` with values set at dotted paths, validated anew.

    `InputError` for a path that the configuration has not and for values that exclude each other, such
    as a batch larger than the rollout.
    """
    tree = config.model_dump()
    algorithm = config.training.algorithm
    for name, value in params.items():
        if name == ALGORITHM_PATH:
            raise InputError(ONE_STUDY_EACH)
        if name not in config_fields(algorithm):
            raise InputError(unknown_path(name, algorithm))
        set_at(tree, name, of_choice(config_fields(algorithm)[name], value))
    try:
        return TrainingConfig.model_validate(tree)
    except ValidationError as error:
        raise SpecError("training_config", as_problems(findings_of(error, tree))) from None


def trial_config(study: StudySpec, params: Mapping[str, Choice]) -> TrainingConfig:
    """What a trial of the study trains with: its parameters over what the study fixes, over training_config.

    Raises as `configure` does; a TypeError where the objective is no training of FxAI's.
    """
    if isinstance(study.training_config, CustomConfig):
        raise TypeError(f"{study.study_name} trains with a configuration of its user's own")
    return configure(study.training_config, {**study.fixed, **located(study.parameters, params)})


def trial_settings(study: StudySpec, params: Mapping[str, Choice]) -> dict[str, Any]:
    """What a trial's worker is given as its configuration, whoever's objective it is; plain data.

    Raises as `configure` does, and an `InputError` for a parameter below something that is no section.
    """
    config = study.training_config
    if not isinstance(config, CustomConfig):
        return trial_config(study, params).model_dump(mode="json")
    try:
        return with_values(config, {**study.fixed, **located(study.parameters, params)})
    except ValueError as error:
        raise InputError(str(error)) from None


def located(parameters: Sequence[Parameter], params: Mapping[str, Choice]) -> dict[str, Choice]:
    """A trial's parameters by the paths that they set, as `configure` takes them."""
    path_of = {parameter.name: parameter.path for parameter in parameters}
    return {path_of.get(name, name): value for name, value in params.items()}


def default_params(study: StudySpec) -> dict[str, Choice]:
    """Trial 0: each parameter's value in the study's own configuration, or the nearest it can take.

    Where the configuration says nothing of it, the middle of its range or its first choice.
    """
    values = config_values(study)
    return walk(study.parameters, values, lambda each: nearest_value(each, values.get(each.path)))


def config_values(study: StudySpec) -> dict[str, Choice]:
    """What names stand for where no trial says otherwise: every field by its path, parameters by their names too."""
    values = {**values_of(study.training_config), **study.fixed}
    return values | {each.name: values[each.path] for each in study.parameters if each.path in values}


def values_of(config: TrainingConfig | CustomConfig) -> dict[str, Choice]:
    """Every field by its path, in the form in which parameters take its values."""
    return dict(_leaves(config.model_dump()))


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Choice]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
            continue
        yield prefix + name, as_custom_choice(value)
        if isinstance(value, tuple):
            yield from ((f"{prefix}{name}.{place}", item) for place, item in enumerate(value))


def value_at(tree: Mapping[str, Any], name: str) -> Any:
    """The value at a dotted path of nested mappings."""
    node: Any = tree
    for part in name.split("."):
        node = node[part]
    return node


def set_at(tree: dict[str, Any], name: str, value: Any) -> None:
    """Set a value at a dotted path of nested mappings, all but the last of which exist; a number is a list's item.

    InputError for an item that the list has not.
    """
    *sections, last = name.split(".")
    node: Any = tree
    for section in sections[:-1]:
        node = node[section]
    if not last.isdigit():
        (node[sections[-1]] if sections else node)[last] = value
        return
    items = list(node[sections[-1]] or ())
    if int(last) >= len(items):
        raise InputError(
            f"{name} is not there: {'.'.join(sections)} has {len(items)} items; write it with one for each"
        )
    items[int(last)] = value
    node[sections[-1]] = tuple(items)
