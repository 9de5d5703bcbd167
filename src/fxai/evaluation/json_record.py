"""Reads frozen records from JSON documents, strictly: no field is missing, further, or of another type."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from fxai.errors import InputError

RecordT = TypeVar("RecordT")


def record_of_json(kind: type[RecordT], document: Mapping[str, Any], name: str) -> RecordT:
    """A record from the document of its fields.

    Args:
        kind: A frozen dataclass.
        document: Its fields, also after a round trip through JSON.
        name: What the record is, for the message.

    Raises:
        InputError: If the document is not a complete record; the message has the first fault.
    """
    try:
        record: RecordT = TypeAdapter(kind).validate_json(json.dumps(document))
    except (ValidationError, ValueError, TypeError) as error:
        raise InputError(f"the {name} cannot be read: {_first_problem(error)}") from None
    return record


def _first_problem(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
