"""The fields of spec records by dotted path, read from the records' own annotations."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import Discriminator, TypeAdapter
from pydantic.fields import FieldInfo

from fxai.spec.record import Record


def records_in(annotation: Any) -> tuple[type[Record], ...]:
    """The record types that a field may hold, whether alone, in a union or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return (annotation,)
    return tuple(record for part in get_args(annotation) for record in records_in(part))


def section_of(field: FieldInfo) -> type[Record] | None:
    """The record that a field always holds, as `training_config.env` does."""
    annotation = field.annotation
    if any(isinstance(each, Discriminator) for each in field.metadata):
        return records_in(annotation)[0]
    return annotation if isinstance(annotation, type) and issubclass(annotation, Record) else None


def leaves(record: type[Record], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field below a record by dotted path, sections walked into."""
    for name, field in record.model_fields.items():
        section = section_of(field)
        if section is None:
            yield prefix + name, field
        else:
            yield from leaves(section, f"{prefix}{name}.")


def constraint_of(field: FieldInfo) -> TypeAdapter[Any]:
    """Validates one value as the field would."""
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)
