"""Records as lines of JSON, NaN and infinity included."""

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


def to_line(record: object) -> bytes:
    """One record of this room as one line of JSON, newline included."""
    return json.dumps(record, default=_plain).encode() + b"\n"


def from_line(kind: type[T], line: bytes) -> T:
    """The record of that kind in a line that `to_line` wrote; a `ValueError` for any other line."""
    record: T = _adapter(kind).validate_python(json.loads(line))  # type: ignore[arg-type] # a class is hashable
    return record


@functools.lru_cache(maxsize=32)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Made once for each kind of record: building one takes longer than reading a thousand lines."""
    return TypeAdapter(kind)


def _plain(value: object) -> object:
    """What JSON knows in place of a record, a read-only mapping or a path."""
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a record must not hold {value!r}")
