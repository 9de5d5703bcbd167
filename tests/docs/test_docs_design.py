"""The design page names the rooms that there are, and puts none above what it imports from."""

import re
from pathlib import Path

import fxai
from docs.pages import DOCS
from test_imports import LEVEL_OF

PAGE = (DOCS / "design.md").read_text()
LISTED = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
SOURCE = Path(fxai.__file__).parent


def test_the_folders_that_it_lists_exist() -> None:
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    modules = {path.stem for path in SOURCE.glob("*.py")} - {"__init__"}
    assert sorted(LISTED) == sorted(folders | modules)


def test_it_lists_them_from_those_that_import_to_those_that_are_imported() -> None:
    levels = [LEVEL_OF[room] for room in LISTED]
    assert levels == sorted(levels, reverse=True)


def test_the_files_that_it_names_are_there() -> None:
    for name in re.findall(r"`([\w/]+\.py)`", PAGE):
        assert (SOURCE / name).is_file() or (SOURCE.parents[1] / name).is_file(), name
