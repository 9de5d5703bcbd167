"""The local folder of results that are at a URL.

Runs and commands work in the folder as in any results folder. Its name is a hash of the URL, and a file in it holds
the URL, so that printed commands show the URL.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

from fxai.atomic_write import write_text
from fxai.spec.fields.environment import expanded_url
from fxai.user_folders import state_directory

STUDIES: Final = "studies.db"
"""The database of the studies in a results folder at a URL, unless the user names another one."""
_URL: Final = ".results_url"


def local_folder(url: str) -> Path:
    """The folder of a URL; created if missing. Variables of the URL are expanded for its hash only."""
    address = expanded_url(url).rstrip("/")
    readable = re.sub(r"[^A-Za-z0-9]+", "_", address)[-40:].strip("_")
    folder = state_directory() / "results" / f"{readable}-{hashlib.sha256(address.encode()).hexdigest()[:12]}"
    if not (folder / _URL).is_file():
        write_text(folder / _URL, url.rstrip("/"))
    return folder


def url_of(folder: str | Path) -> str | None:
    """The URL whose working copy the folder is; None for other folders."""
    try:
        return (Path(folder) / _URL).read_text(encoding="utf-8")
    except OSError:
        return None


def storage_in(folder: Path) -> str:
    """URL of the database in the folder."""
    return f"sqlite:///{folder / STUDIES}"
