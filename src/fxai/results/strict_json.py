"""JSON that every parser accepts: NaN and infinity become null."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

from pydantic import JsonValue


def json_text(value: object) -> str:
    """The value as indented JSON with a newline at the end."""
    return json.dumps(json_value(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def json_value(value: object) -> JsonValue:
    """JSON data of mappings, sequences, numbers, enums (by value) and datetimes (ISO 8601, UTC)."""
    match value:
        case Enum():
            return json_value(value.value)
        case float() if not math.isfinite(value):
            return None
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat()  # Optuna's times are naive and local
        case Mapping():
            return {str(key): json_value(item) for key, item in value.items()}
        case list() | tuple():
            return [json_value(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form here")
