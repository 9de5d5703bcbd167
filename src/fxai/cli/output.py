"""Standard output: text as it is, tables, JSON."""

import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fxai.formatting import counted, legible
from fxai.results.strict_json import json_text

_WIDTH_OF_A_PIPE = 1000  # so that no table is folded there
_LEAST_NAME = 16  # characters of a table's first column, below which its rows become lists
_NAME_PARTS = re.compile(r"[^\s._]*[\s._]*")


def stdout() -> Console:
    """The console of standard output; it shows text as it is, without markup and colouring of its own."""
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    return Console(highlight=False, markup=False, emoji=False, width=width)


def print_text(console: Console, *lines: str) -> None:
    """Lines as they are, however long."""
    for line in lines:
        console.print(_writable(console, line), soft_wrap=True)


def print_sentences(console: Console, *lines: str) -> None:
    """Lines for reading, broken between words where the terminal ends; not for commands, which are copied whole."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        text = textwrap.fill(
            line.strip(),
            console.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        print_text(console, text)


def print_table(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings. On a narrow terminal first cells are folded, then each row is a list; nothing is lost."""
    cells = [[_writable(console, legible(cell)) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
    room = console.width - sum(widths[1:]) - 3 * len(widths) - 1  # of the first column, beside the frame
    if room < min(widths[0], _LEAST_NAME):
        print_text(console, *(line for row in cells for line in _listed(headings, row)))
        return
    table = Table(box=box.SQUARE)
    for heading in headings:
        table.add_column(heading, no_wrap=bool(table.columns), overflow="fold")
    for first, *others in cells:
        table.add_row(Text("\n".join(_name_lines(first, room)), overflow="fold"), *map(Text, others))
    console.print(table)


def _listed(headings: Sequence[str], row: Sequence[str]) -> Iterable[str]:
    """A row as lines: its first cell, then each further cell with its heading."""
    width = max(map(len, headings[1:]), default=0) + 2
    yield row[0]
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        yield f"  {heading + ':':<{width}}{cell}"


def _name_lines(name: str, width: int) -> Sequence[str]:
    """A name in lines of at most this width where it can be broken: at spaces, and after dots and underscores."""
    lines = [""]
    for part in _NAME_PARTS.findall(name):
        if lines[-1] and cell_len(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def print_files(console: Console, files: Sequence[Path]) -> None:
    """Files, one line for each folder: as many names as the line has room for, and how many more there are.

    Files in the order of their importance; folders among them are named by themselves.
    """
    if not files:
        return
    folders: dict[Path, list[str]] = {}
    for path in files:
        folders.setdefault(path.parent, []).append(path.name)
    print_text(console, "Files:", *(_files_of(folder, names, console.width) for folder, names in folders.items()), "")


def _files_of(folder: Path, names: Sequence[str], width: int) -> str:
    """`  optuna_results/quick: report.html, best_params.json and 9 more`."""
    beginning = f"  {legible(str(folder))}: "
    for count in range(len(names), 0, -1):
        more = "" if count == len(names) else f" and {len(names) - count} more"
        line = beginning + legible(", ".join(names[:count])) + more
        if len(line) <= width:
            return line
    return f"{beginning}{counted(len(names), 'file')}"


def print_pairs(console: Console, pairs: Iterable[tuple[str, str]]) -> None:
    """What something is called and what it is, one pair to a line."""
    shown = tuple(pairs)
    width = max((len(name) for name, _ in shown), default=0) + 2
    print_text(console, *(f"{name:<{width}}{legible(value)}" for name, value in shown))


def _writable(console: Console, text: str) -> str:
    """The text without the one sign of ours that is not ASCII, where the terminal takes no other."""
    return text.replace("±", "+-") if console.options.ascii_only else text


def print_json(value: object) -> None:
    """The value as JSON, with nothing that a terminal would add."""
    stdout().file.write(json_text(value))
