"""JSON text of a study database."""

import json
from typing import Any


def read_json(text: Any) -> Any:
    """The value of a row's JSON. A `ValueError` where it is none, or holds text that no file and terminal can take."""
    if not isinstance(text, str):
        raise ValueError(f"{str(text)[:40]!r} is in the place of JSON")  # noqa: TRY004 - as bad JSON is
    try:
        text.encode()
        value = json.loads(text)
        if "\\ud" in text.lower():  # half a character, written as an escape
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(f"text that is no UTF-8: {text[:40]!r}") from None
    except ValueError as error:
        raise ValueError(f"no JSON: {text[:40]!r} ({error})") from None
    except RecursionError:
        raise ValueError(f"JSON nested too deeply: {text[:40]!r}") from None
    return value
