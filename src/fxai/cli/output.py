"""Standard output: text as it is, tables, JSON."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fxai.results.strict_json import json_text
from fxai.wording import counted, legible

_WIDTH_OF_A_PIPE = 1000  # so that no table is folded there


def stdout() -> Console:
    """The console of standard output; it shows text as it is, without markup and colouring of its own."""
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    return Console(highlight=False, markup=False, emoji=False, width=width)


def print_text(console: Console, *lines: str) -> None:
    """Lines as they are, however long."""
    for line in lines:
        console.print(_writable(console, line), soft_wrap=True)


def print_table(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings; on a terminal that is too narrow, long cells are folded, never lost."""
    table = Table(*headings, box=box.SQUARE)
    for row in rows:
        table.add_row(*(Text(_writable(console, legible(cell)), overflow="fold") for cell in row))
    console.print(table)


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
