"""Folders in which modules of the user are found."""

import sys
from pathlib import Path


def search_modules_in(folder: str) -> str:
    """Puts a folder at the start of Python's path, unless the path has it. Returns the folder's full path."""
    place = str(Path(folder).resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    return place
