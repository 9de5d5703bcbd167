"""Whether the values of parameters fit the fields that they set."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from fxai.spec.fields.field_paths import field_adapter, field_value_of
from fxai.spec.search.findings import Finding, message_of
from fxai.spec.search.parameters import CategoricalParameter, Choice, FloatParameter, Parameter
from fxai.spec.yaml.yaml_source import KeyPath


def misfits(path: KeyPath, parameter: Parameter, field: FieldInfo) -> Iterator[Finding]:
    """Yields ends of a range and choices that a field refuses, and a kind of parameter that does not fit the field."""
    if isinstance(parameter, CategoricalParameter):
        for place, choice in enumerate(parameter.choices):
            if message := refusal(field, choice):
                yield Finding((*path, "choices", place), f"{parameter.name} {message}")
        return
    takes = {field.annotation, *get_args(field.annotation)}
    if takes.isdisjoint({int, float}):
        yield Finding((*path, "type"), f"{parameter.name} is not a number; use categorical")
    elif isinstance(parameter, FloatParameter) and float not in takes:
        yield Finding((*path, "type"), f"{parameter.name} is a whole number; use int or int_log")
    else:
        ends: tuple[tuple[str, Any], ...] = (("low", parameter.low), ("high", parameter.high))
        for end, value in ends:
            if message := refusal(field, value):
                yield Finding((*path, end), f"{parameter.name} {message}")


def refusal(field: FieldInfo, value: Choice) -> str | None:
    """Returns the message of a field that refuses a value, or None."""
    try:
        field_adapter(field).validate_python(field_value_of(field, value), strict=True)
    except ValidationError as error:
        return ", or ".join(dict.fromkeys(message_of(details) for details in error.errors(include_url=False)))
    return None
