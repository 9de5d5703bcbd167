"""Resumes studies of custom code that stored texts like "[64, 64]" as lists.

Earlier releases stored the text "[64, 64]" like the list [64, 64], and gave custom code a list. Such a study continues
with the stored lists, so that all its trials have the same search space.
"""

from collections.abc import Collection, Mapping
from typing import Any

from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.search.study import StudySpec


def with_stored_lists(study: StudySpec, begun: Mapping[str, Any]) -> StudySpec:
    """Returns the study with its texts replaced by the stored lists.

    Args:
        study: The study of the spec. It is returned unchanged if no stored list takes the place of a text.
        begun: The fingerprint stored with the study.
    """
    if not isinstance(study.training_config, CustomConfig):
        return study
    stored = _part(begun, "parameters")
    fixed = _mapping(study.fixed, _part(begun, "fixed"))
    known = {*fixed, *(name for each in study.parameters for name in (each.name, each.path))}
    parameters = tuple(_parameter(each, _part(stored, each.name), known) for each in study.parameters)
    if parameters == study.parameters and fixed == study.fixed:
        return study
    choices = {each.name: each.choices for each in parameters if isinstance(each, CategoricalParameter)}
    enqueue = tuple(
        {name: _as_stored(value, choices.get(name, ())) for name, value in entry.items()} for entry in study.enqueue
    )
    return study.model_copy(update={"parameters": parameters, "fixed": fixed, "enqueue": enqueue})


def earlier_texts(study: StudySpec, begun: StudySpec) -> tuple[str, ...]:
    """Returns the changes of `with_stored_lists` to choices and fixed values, one line for each name."""
    before, now = _values(study), _values(begun)
    changed = {name: [each for each in values if each not in before[name]] for name, values in now.items()}
    return tuple(
        f"{name}: {', '.join(map(str, texts))} is given to your code as a list, as in the earlier trials of this "
        "study; start a new study (another study_name, or --fresh) to give it as the text in the spec"
        for name, texts in changed.items()
        if texts
    )


def _values(study: StudySpec) -> dict[str, tuple[Choice, ...]]:
    choices = {each.name: each.choices for each in study.parameters if isinstance(each, CategoricalParameter)}
    return choices | {name: (value,) for name, value in study.fixed.items()}


def _parameter(parameter: Parameter, stored: Mapping[str, Any], known: Collection[str]) -> Parameter:
    """Returns the parameter with stored lists. Conditions are changed only on `known` names, those of the study."""
    of_study = {name: values for name, values in parameter.when.items() if name in known}
    conditions = _mapping(of_study, _part(stored, "when"))
    update: dict[str, Any] = {"when": {**parameter.when, **conditions}} if conditions != of_study else {}
    if isinstance(parameter, CategoricalParameter):
        choices = tuple(_as_stored(each, stored.get("choices")) for each in parameter.choices)
        update |= {"choices": choices} if choices != parameter.choices else {}
    return parameter.model_copy(update=update) if update else parameter


def _mapping(values: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns values by name, each a value or a tuple of values, with stored lists."""
    taken: dict[str, Any] = {}
    for name, value in values.items():
        there = stored.get(name)
        if isinstance(value, tuple):
            taken[name] = tuple(_as_stored(each, there) for each in value)
        else:
            taken[name] = _as_stored(value, [there])
    return taken


def _part(stored: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = stored.get(name)
    return found if isinstance(found, Mapping) else {}


def _as_stored(choice: Choice, stored: Any) -> Choice:
    """Returns the choice, or its text without quotes if only that is among the stored values."""
    if not isinstance(stored, list | tuple):
        return choice
    text = parse_choice(choice)
    is_earlier = isinstance(text, str) and text != choice and choice not in stored and text in stored
    return text if is_earlier else choice
