"""Folders in which modules of the user are found."""

import sys
from pathlib import Path


def search_modules_in(folder: str) -> str:
    """Puts a folder at the start of Python's path, so that it is searched first. Returns the folder's full path."""
    place = str(Path(folder).resolve())
    if sys.path[:1] != [place]:
        sys.path[:] = [place, *(each for each in sys.path if each != place)]
    return place
