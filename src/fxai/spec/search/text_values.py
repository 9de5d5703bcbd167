"""Handles texts that probably mean a number, a boolean or null: `yes`, `off`, `None`, `"16"`.

A field of fx_trading converts them in the same way in training_config, in choices and wherever else a value of the
field occurs, and `fxai check` reports the conversion. Custom code gets them as texts, and `fxai check` warns of that.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue, ValidationError
from pydantic.fields import FieldInfo

from fxai.spec.fields.field_paths import as_custom_choice, field_adapter, parse_choice
from fxai.spec.fields.objective import SHIPPED
from fxai.spec.fields.training_config import algorithm_in
from fxai.spec.search.config_fields import config_fields
from fxai.spec.search.custom_config import CustomConfig, values_in
from fxai.spec.search.parameters import CategoricalParameter
from fxai.spec.search.study import StudySpec

Node = dict[str, JsonValue]
_TRUTH = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_NOTHING = frozenset({"None", "null", "Null", "NULL", "~"})
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_RANGE = ("low", "high", "step")


def convert_texts(study: Node) -> list[str]:
    """Converts texts to the types of their fields, in a study of fx_trading in the form of its records.

    training_config is not changed, because the validation of its records converts it.

    Returns:
        The conversions as remarks for `fxai check`.
    """
    config = study.get("training_config")
    fields = config_fields(algorithm_in(config))
    parameters = [each for each in _list(study.get("parameters")) if isinstance(each, dict)]
    paths = {str(each.get("name")): str(each.get("path") or each.get("name")) for each in parameters}
    remarks = [*_in_config(config, fields, "")] if isinstance(config, dict) else []
    for parameter in parameters:
        name = str(parameter.get("name"))
        if isinstance(choices := parameter.get("choices"), list):
            parameter["choices"] = [_taken(fields.get(paths[name]), each, name, remarks) for each in choices]
        remarks += [_as_number(name, key, parameter[key]) for key in _RANGE if _is_number(parameter.get(key))]
        _read_mapping(parameter.get("when"), fields, paths, remarks)
    for values in (study.get("fixed"), *_list(study.get("enqueue"))):
        _read_mapping(values, fields, paths, remarks)
    return list(dict.fromkeys(remarks))


def quote_list_texts(study: Node) -> None:
    """Quotes texts that look like lists, in a study of custom code in the form of its records."""
    parameters = [each for each in _list(study.get("parameters")) if isinstance(each, dict)]
    for parameter in parameters:
        if isinstance(choices := parameter.get("choices"), list):
            parameter["choices"] = [as_custom_choice(each) for each in choices]
    for values in (study.get("fixed"), *_list(study.get("enqueue")), *(each.get("when") for each in parameters)):
        if isinstance(values, dict):
            values.update({name: as_custom_choice(each) for name, each in values.items() if isinstance(each, str)})
    for parameter in parameters:
        when = parameter.get("when")
        if isinstance(when, dict):
            lists = {name: value for name, value in when.items() if isinstance(value, list)}
            when.update({name: [as_custom_choice(each) for each in value] for name, value in lists.items()})


def text_advice(study: StudySpec) -> Iterator[str]:
    """Yields warnings about texts that custom code may expect as another type; none for shipped objectives."""
    if not isinstance(study.training_config, CustomConfig) or study.objective in SHIPPED:
        return
    for parameter in study.parameters:
        for choice in parameter.choices if isinstance(parameter, CategoricalParameter) else ():
            kept = parse_choice(choice)
            if meant := _meant(kept):
                yield f"{parameter.name}: your code gets the choice {kept!r} as text; {meant}"
    for path, value in values_in(study.training_config).items():
        for each in value if isinstance(value, list) else [value]:
            if meant := _meant(each):
                yield f"training_config.{path}: your code gets {each!r} as text; {meant}"


def _meant(value: object) -> str:
    if not isinstance(value, str):
        return ""
    if value in _NOTHING:
        return "write null for no value"
    if word := _TRUTH.get(value.lower()):
        return f"write {word} for a boolean"
    if isinstance(parse_choice(value), list):
        return "without quotes it is a list"
    return "without quotes it is a number" if _is_number(value) else ""


def _read_mapping(
    values: JsonValue, fields: Mapping[str, FieldInfo], paths: Mapping[str, str], remarks: list[str]
) -> None:
    """Converts values, or lists of values, by the names of parameters or the paths of fields."""
    if not isinstance(values, dict):
        return
    for name, value in values.items():
        field = fields.get(paths.get(name, name))
        if isinstance(value, list):
            values[name] = [_taken(field, each, name, remarks) for each in value]
        else:
            values[name] = _taken(field, value, name, remarks)


def _taken(field: FieldInfo | None, value: JsonValue, name: str, remarks: list[str]) -> JsonValue:
    """Returns the value converted to the type of the field, and appends a remark if it changed."""
    read = value if field is None else _read(field, value)
    if read is not value:
        remarks.append(f"{name}: {_shown(value)} is read as {_shown(read)}; write {_shown(read)}")
    return read


def _read(field: FieldInfo, value: JsonValue) -> JsonValue:
    """Returns the number or boolean to which a field converts a value; the value itself if it is not converted."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return value
    takes = field_adapter(field)
    try:
        takes.validate_python(value, strict=True)
    except ValidationError:
        try:
            read = takes.validate_python(value)
        except ValidationError:
            return value
        return read if isinstance(read, bool | int | float) else value
    return value


def _in_config(config: Mapping[str, JsonValue], fields: Mapping[str, FieldInfo], prefix: str) -> Iterator[str]:
    for key, value in config.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _in_config(value, fields, f"{path}.")
        elif path in fields and (read := _read(fields[path], value)) is not value:
            yield f"training_config.{path}: {_shown(value)} is read as {_shown(read)}; write {_shown(read)}"


def _as_number(name: str, key: str, value: JsonValue) -> str:
    return f"{name}: {key} {_shown(value)} is a number in quotes; write it without quotes"


def _is_number(value: object) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _list(value: JsonValue) -> list[Any]:
    return value if isinstance(value, list) else []


def _shown(value: JsonValue) -> str:
    return repr(value) if isinstance(value, str) else json.dumps(value)
