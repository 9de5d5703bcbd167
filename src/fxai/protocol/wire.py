"""Records as lines of JSON, including NaN and infinity."""

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


def to_line(record: object) -> bytes:
    """A record as one line of JSON with a newline."""
    return json.dumps(record, default=_plain).encode() + b"\n"


def from_line(kind: type[T], line: bytes) -> T:
    """The record in a line of `to_line`.

    Raises:
        ValueError: If the line is not such a record.
    """
    return from_document(kind, json_of(line))


def json_of(line: bytes) -> Any:
    """The JSON document in a line.

    Raises:
        ValueError: If the line is not JSON.
    """
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def from_document(kind: type[T], document: object) -> T:
    """The record in a JSON document.

    Raises:
        ValueError: If the document is not such a record.
    """
    record: T = _adapter(kind).validate_python(document)  # type: ignore[arg-type] # a class is hashable
    return record


@functools.lru_cache(maxsize=32)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Cached per record type, because building an adapter takes longer than reading a thousand lines."""
    return TypeAdapter(kind)


def _plain(value: object) -> object:
    """A record, a read-only mapping or a path as a JSON value."""
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a record must not contain {value!r}")
