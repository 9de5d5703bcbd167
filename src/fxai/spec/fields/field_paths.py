"""Finds the fields of spec records by dotted path, from the annotations of the records."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from fxai.spec.fields.record import Record


def records_in(annotation: Any) -> tuple[type[Record], ...]:
    """Returns the record types in the annotation of a field: a record, or those of a union or a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return (annotation,)
    return tuple(record for part in get_args(annotation) for record in records_in(part))


def section_of(field: FieldInfo, chosen: type[Record] | None = None) -> type[Record] | None:
    """Returns the record type of a field: its only one, as of `training_config.env`, or `chosen` in a union."""
    annotation = field.annotation
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    return chosen if chosen in records_in(annotation) else None


def leaf_fields(
    record: type[Record], prefix: str = "", chosen: type[Record] | None = None
) -> Iterator[tuple[str, FieldInfo]]:
    """Yields every field below a record with its dotted path, those of sections included.

    Args:
        record: The type of the record.
        prefix: Text before each path, such as `env.`.
        chosen: The record type of a section whose annotation is a union.
    """
    for name, field in record.model_fields.items():
        section = section_of(field, chosen)
        if section is None:
            yield prefix + name, field
        else:
            yield from leaf_fields(section, f"{prefix}{name}.", chosen)


def is_list(field: FieldInfo) -> bool:
    """Whether the value of a field is a list."""
    return any(get_origin(part) is tuple for part in (field.annotation, *get_args(field.annotation)))


def as_choice(value: Any) -> Any:
    """Returns a field's value as a choice of a parameter. Lists become JSON text, since Optuna stores no lists."""
    return json.dumps(list(value)) if isinstance(value, list | tuple) else value


def as_custom_choice(value: Any) -> Any:
    """Returns a value of custom code as a choice. A text that looks like a JSON list is kept as a quoted JSON text."""
    if isinstance(value, str):
        return json.dumps(value) if parse_choice(value) != value else value
    return as_choice(value)


def parse_choice(choice: Any) -> Any:
    """Returns the value of a choice: JSON text of a list or of a quoted text is parsed, others are unchanged."""
    if not isinstance(choice, str) or not choice.startswith(("[", '"')):
        return choice
    try:
        value = json.loads(choice)
    except (ValueError, RecursionError):
        return choice
    is_kept_text = isinstance(value, str) and parse_choice(value) != value
    return value if isinstance(value, list) or is_kept_text else choice


def field_value_of(field: FieldInfo, choice: Any) -> Any:
    """Returns the value of a field for a choice: a tuple if the field is a list and the choice its JSON text."""
    value = parse_choice(choice) if is_list(field) else choice
    return tuple(value) if isinstance(value, list) else value


def field_adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """Returns a validator of one value with the field's type and constraints."""
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)
