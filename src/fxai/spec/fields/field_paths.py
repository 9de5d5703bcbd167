"""The fields of spec records by dotted path, read from the records' own annotations."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from fxai.spec.fields.record import Record


def records_in(annotation: Any) -> tuple[type[Record], ...]:
    """The record types that a field may hold, whether alone, in a union or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return (annotation,)
    return tuple(record for part in get_args(annotation) for record in records_in(part))


def section_of(field: FieldInfo, chosen: type[Record] | None = None) -> type[Record] | None:
    """The record that a field always holds, as `training_config.env` does, or the one chosen of several."""
    annotation = field.annotation
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    return chosen if chosen in records_in(annotation) else None


def leaves(
    record: type[Record], prefix: str = "", chosen: type[Record] | None = None
) -> Iterator[tuple[str, FieldInfo]]:
    """Every field below a record by dotted path, sections walked into; `chosen` where a section may be several."""
    for name, field in record.model_fields.items():
        section = section_of(field, chosen)
        if section is None:
            yield prefix + name, field
        else:
            yield from leaves(section, f"{prefix}{name}.", chosen)


def is_list(field: FieldInfo) -> bool:
    """Whether a field holds several values."""
    return any(get_origin(part) is tuple for part in (field.annotation, *get_args(field.annotation)))


def as_choice(value: Any) -> Any:
    """A field's value as a parameter can take it: lists, which databases of studies cannot hold, as JSON text."""
    return json.dumps(list(value)) if isinstance(value, list | tuple) else value


def as_custom_choice(value: Any) -> Any:
    """The same for code of the user's own, whose texts may look like lists: such a text is kept in JSON's quotes."""
    if isinstance(value, str):
        return json.dumps(value) if list_of(value) != value else value
    return as_choice(value)


def list_of(choice: Any) -> Any:
    """A parameter's choice as it was written: a list of its JSON text, a text of its JSON; any other as it is."""
    if not isinstance(choice, str) or not choice.startswith(("[", '"')):
        return choice
    try:
        value = json.loads(choice)
    except (ValueError, RecursionError):
        return choice
    is_kept_text = isinstance(value, str) and list_of(value) != value
    return value if isinstance(value, list) or is_kept_text else choice


def of_choice(field: FieldInfo, choice: Any) -> Any:
    """What a parameter's choice means to the field: a list where it is the JSON text of one."""
    value = list_of(choice) if is_list(field) else choice
    return tuple(value) if isinstance(value, list) else value


def constraint_of(field: FieldInfo) -> TypeAdapter[Any]:
    """Validates one value as the field would."""
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)
