"""Records as lines of JSON, NaN and infinity included."""

import dataclasses
import json
from typing import TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


def to_line(record: object) -> bytes:
    """One record of this room as one line of JSON, newline included."""
    return json.dumps(dataclasses.asdict(record), default=str).encode() + b"\n"  # type: ignore[call-overload]


def from_line(kind: type[T], line: bytes) -> T:
    """The record of that kind in a line that `to_line` wrote; a `ValueError` for any other line."""
    return TypeAdapter(kind).validate_python(json.loads(line))
