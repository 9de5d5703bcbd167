"""JSON values of a study database."""

import json
from typing import Any


def read_json(text: Any) -> Any:
    """The value of a row's JSON.

    Raises:
        ValueError: If the text is not JSON, or has characters that cannot be encoded.
    """
    if not isinstance(text, str):
        raise ValueError(f"{str(text)[:40]!r} is not JSON text")  # noqa: TRY004 - as bad JSON is
    try:
        text.encode()
        value = json.loads(text)
        if "\\ud" in text.lower():  # half a character, written as an escape
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(f"text that is not UTF-8: {text[:40]!r}") from None
    except ValueError as error:
        raise ValueError(f"not JSON: {text[:40]!r} ({error})") from None
    except RecursionError:
        raise ValueError(f"JSON nested too deeply: {text[:40]!r}") from None
    return value
