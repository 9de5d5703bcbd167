"""Expands environment variables (`${NAME}`) in the paths and URLs of a spec and of the command line.

Records, files and printed commands keep the unexpanded text. A path or URL is expanded when the file or the database
is opened, so that a study can be resumed on a machine where the variable has another value.
"""

import json
import os
import re
from pathlib import Path
from typing import Final

from fxai.errors import InputError

MOVED_PATHS: Final = "FXAI_MOVED_PATHS"
"""Variable of workers on other machines: a mapping in JSON from paths, as written, to their copies on the machine."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a `Path` of a URL has one slash
_BARE = re.compile(r"\$([A-Za-z_]\w*)")
_HOME_IN_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(~[^/]*)(?=/)")


def expanded_path(text: str | Path) -> Path:
    """Returns the path with its variables and a leading `~` expanded, or its copy according to `MOVED_PATHS`.

    Raises:
        InputError: `check_path` refuses the path, it is a URL, or the home directory after `~` is unknown.
    """
    moved = os.environ.get(MOVED_PATHS)
    if moved is not None and (copy := json.loads(moved).get(str(text))) is not None:
        return Path(copy)
    if _URL.match(str(text)):
        raise InputError(f"{str(text)!r} is a URL, and a path is needed here")
    try:
        path = Path(_expanded(check_bare(str(text))))
        return path.expanduser() if path.parts[:1] and path.parts[0].startswith("~") else path
    except (ValueError, RuntimeError) as error:  # of an unknown user's home
        raise InputError(f"{str(text)!r}: {error}") from None


def expanded_url(text: str) -> str:
    """Returns the URL with its variables expanded, and `~` at the start of a SQLite path; a bare `$` is kept.

    Raises:
        InputError: A variable is not set, or the home directory after `~` is unknown.
    """
    try:
        return _HOME_IN_SQLITE.sub(lambda match: match[1] + str(Path(match[2]).expanduser()), _expanded(text))
    except (ValueError, RuntimeError) as error:
        raise InputError(str(error)) from None


def check_path(text: str) -> str:
    """Returns the unexpanded path. Raises `ValueError` if a variable is not set or has no braces."""
    _expanded(check_bare(text))
    return text


def check_url(text: str) -> str:
    """Returns the unexpanded URL. Raises `ValueError` if a variable is not set."""
    _expanded(text)
    return text


def check_bare(text: str) -> str:
    """Returns the unexpanded path. Raises `ValueError` for `$NAME`, which would be read as part of a folder's name."""
    if found := _BARE.search(text):
        raise ValueError(f"{found[0]} is not expanded; write ${{{found[1]}}} for the environment variable")
    return text


def _expanded(text: str) -> str:
    return _REFERENCE.sub(_value, text)


def _value(match: re.Match[str]) -> str:
    value = os.environ.get(match[1])
    if value is None:
        raise ValueError(f"the environment variable {match[1]} is not set; set it, or write its value instead")
    return value
