"""The folders of this user in which FxAI keeps locks, results of URLs and caches."""

import os
from pathlib import Path

from fxai.errors import InputError


def state_directory() -> Path:
    """Folder for what must stay: locks of databases on a server, the local copies of results at a URL."""
    return _below("XDG_STATE_HOME", ".local/state")


def cache_directory() -> Path:
    """Folder for what can be made again: prepared markets, measured numbers of lanes."""
    return _below("XDG_CACHE_HOME", ".cache")


def _below(variable: str, below_home: str) -> Path:
    folder = os.environ.get(variable)
    if folder:
        return Path(folder) / "fxai"
    try:
        return Path.home() / below_home / "fxai"
    except RuntimeError:  # a user without an entry in the password file, as in a container
        raise InputError(f"this user has no home folder; set the environment variable HOME or {variable}") from None
