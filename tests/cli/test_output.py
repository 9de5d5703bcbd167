"""How files are listed, sentences are broken and tables fit a terminal."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from fxai.cli.output import print_files, print_sentences, print_table

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


NAME = "env.reward.drawdown_penalty_coefficient"
HEADINGS, ROW = ("Parameter", "Best", "Leaders agree"), (NAME, "0.0007684 ± 0.0002", "no")


def tabled(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    print_table(console, HEADINGS, [ROW])
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_table_breaks_names_after_dots_and_underscores() -> None:
    cells = [line.split("│")[1].strip() for line in tabled(70) if line.startswith("│")]
    assert cells == ["Parameter", "env.reward.drawdown_penalty_", "coefficient"]


def test_a_table_that_has_no_room_is_a_list() -> None:
    assert tabled(55) == [NAME, "  Best:          0.0007684 ± 0.0002", "  Leaders agree: no"]


@pytest.mark.parametrize("width", range(20, 120))
def test_a_table_loses_nothing_and_fits(width: int) -> None:
    lines = tabled(width)
    text = "".join(lines)
    parts = ("0.0007684 ± 0.0002", "Leaders agree", "env.reward.", "drawdown_", "penalty_", "coefficient")
    assert [part for part in parts if part not in text] == []
    assert max(map(len, lines)) <= max(width, len(NAME))


def test_sentences_are_broken_between_words() -> None:
    console = Console(file=io.StringIO(), width=30)
    print_sentences(console, "  one parameter: it matters more than all others")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "  one parameter: it matters\n  more than all others\n"
