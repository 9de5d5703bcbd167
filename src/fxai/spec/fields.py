"""The fields of spec records by dotted path, read from the records' own annotations."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from fxai.spec.record import Record


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


def constraint_of(field: FieldInfo) -> TypeAdapter[Any]:
    """Validates one value as the field would."""
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)
