"""Environment variables in the paths and URLs of a spec and of the command line.

`${NAME}` stands for the variable's value. Records, files and printed commands keep the text as it is written; it is
expanded where a file or a database is opened, so that a study goes on where the variable has another value.
"""

import os
import re
from pathlib import Path

from fxai.errors import InputError

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_BARE = re.compile(r"\$([A-Za-z_]\w*)")
_HOME_IN_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(~[^/]*)(?=/)")


def expanded_path(text: str | Path) -> Path:
    """The path with its variables and a leading `~` expanded; an `InputError` for what `check_path` refuses."""
    try:
        path = Path(_expanded(check_bare(str(text))))
        return path.expanduser() if path.parts[:1] and path.parts[0].startswith("~") else path
    except (ValueError, RuntimeError) as error:  # of an unknown user's home
        raise InputError(f"{str(text)!r}: {error}") from None


def expanded_url(text: str) -> str:
    """The URL with its variables expanded, and a `~` that begins a SQLite path; a bare `$` stays."""
    try:
        return _HOME_IN_SQLITE.sub(lambda match: match[1] + str(Path(match[2]).expanduser()), _expanded(text))
    except (ValueError, RuntimeError) as error:
        raise InputError(str(error)) from None


def check_path(text: str) -> str:
    """The path as it is written. A `ValueError` where a variable is not set, or is written without braces."""
    _expanded(check_bare(text))
    return text


def check_url(text: str) -> str:
    """The URL as it is written; a `ValueError` where a variable is not set."""
    _expanded(text)
    return text


def check_bare(text: str) -> str:
    """The path as it is written; a `ValueError` for `$NAME`, which names a folder that nobody means."""
    if found := _BARE.search(text):
        raise ValueError(f"holds {found[0]}, which is not expanded; write ${{{found[1]}}} for the environment variable")
    return text


def _expanded(text: str) -> str:
    return _REFERENCE.sub(_value, text)


def _value(match: re.Match[str]) -> str:
    value = os.environ.get(match[1])
    if value is None:
        raise ValueError(f"the environment variable {match[1]} is not set; set it, or write its value instead")
    return value
