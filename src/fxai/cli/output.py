"""Standard output: text, tables, pairs of name and value, JSON."""

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

from fxai.formatting import counted, legible, local_time
from fxai.results.strict_json import json_text

_PIPE_WIDTH = 1000  # columns; no table is folded if the output is no terminal
_MIN_FIRST_COLUMN = 16  # characters; if the first column has less room, each row is printed as a list
_NAME_PARTS = re.compile(r"[^\s._]*[\s._]*")


def stdout() -> Console:
    """The console of standard output, without Rich markup, emoji codes and highlighting."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(highlight=False, markup=False, emoji=False, width=width)


def print_text(console: Console, *lines: str) -> None:
    """Print lines unwrapped, however long they are."""
    for line in lines:
        console.print(_writable(console, line), soft_wrap=True)


def shows_live_view(console: Console) -> bool:
    """Whether the console is a terminal that can show a live view. Other consoles get lines of a log."""
    return console.is_terminal and not console.is_dumb_terminal


def print_log(console: Console, *lines: str) -> None:
    """Print lines of a log, each after the local time with its offset from UTC."""
    print_text(console, *(f"{local_time()} {line}" for line in lines))
    console.file.flush()


def print_sentences(console: Console, *lines: str) -> None:
    """Print sentences, wrapped between words at the terminal's width. Commands are never printed with it."""
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
    """Print rows under headings.

    A narrow terminal folds the first column; a still narrower one prints each row as a list. No text is lost.
    """
    cells = [[_writable(console, legible(cell)) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
    room = console.width - sum(widths[1:]) - 3 * len(widths) - 1  # for the first column, without the frame
    if room < min(widths[0], _MIN_FIRST_COLUMN):
        print_text(console, *(line for row in cells for line in _as_list(headings, row)))
        return
    table = Table(box=box.SQUARE)
    for heading in headings:
        table.add_column(heading, no_wrap=bool(table.columns), overflow="fold")
    for first, *others in cells:
        table.add_row(Text("\n".join(_name_lines(first, room)), overflow="fold"), *map(Text, others))
    console.print(table)


def _as_list(headings: Sequence[str], row: Sequence[str]) -> Iterable[str]:
    """A row as lines: the first cell, then each further cell with its heading."""
    width = max(map(len, headings[1:]), default=0) + 2
    yield row[0]
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        yield f"  {heading + ':':<{width}}{cell}"


def _name_lines(name: str, width: int) -> Sequence[str]:
    """A name in lines of at most this width. It is broken at spaces and after dots and underscores only."""
    lines = [""]
    for part in _NAME_PARTS.findall(name):
        if lines[-1] and cell_len(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def print_files(console: Console, files: Sequence[Path]) -> None:
    """Print files, one line per folder: as many names as fit the line, and the number of the others.

    Args:
        console: The console.
        files: Paths, the most important first.
    """
    if not files:
        return
    folders: dict[Path, list[str]] = {}
    for path in files:
        folders.setdefault(path.parent, []).append(path.name)
    print_text(
        console, "Files:", *(_folder_line(folder, names, console.width) for folder, names in folders.items()), ""
    )


def _folder_line(folder: Path, names: Sequence[str], width: int) -> str:
    """`  optuna_results/quick: report.html, best_params.json and 9 more`."""
    beginning = f"  {legible(str(folder))}: "
    for count in range(len(names), 0, -1):
        more = "" if count == len(names) else f" and {len(names) - count} more"
        line = beginning + legible(", ".join(names[:count])) + more
        if len(line) <= width:
            return line
    return f"{beginning}{counted(len(names), 'file')}"


def print_pairs(console: Console, pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns, one pair per line."""
    rows = tuple(pairs)
    width = max((len(name) for name, _ in rows), default=0) + 2
    print_text(console, *(f"{name:<{width}}{legible(value)}" for name, value in rows))


def _writable(console: Console, text: str) -> str:
    """The text, with `+-` for `±` if the terminal's encoding is ASCII."""
    return text.replace("±", "+-") if console.options.ascii_only else text


def print_json(value: object) -> None:
    """Print a value as JSON, without wrapping or colours."""
    stdout().file.write(json_text(value))
