"""How files are listed."""

import io
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_files

NAMES = ("a/report.html", "a/best_params.json", "a/timeline.html", "index.html")
FILES = [Path("res") / name for name in NAMES]


def listed(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    print_files(console, FILES)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_each_folder_has_one_line() -> None:
    assert listed(80) == [
        "Files:",
        "  res/a: report.html, best_params.json, timeline.html",
        "  res: index.html",
        "",
    ]


def test_a_narrow_terminal_counts_what_has_no_room() -> None:
    assert listed(42)[1] == "  res/a: report.html and 2 more"
    assert listed(20)[1] == "  res/a: 3 files"
