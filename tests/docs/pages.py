"""The pages of `docs/`: their blocks, the command lines in them, and their links."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from os.path import relpath
from pathlib import Path
from typing import Any, NamedTuple

import typer

from fxai.cli.app import app
from fxai.cli.command_line import with_command

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TASKS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["poe"]["tasks"]
_PROGRAM = ("fxai", "poetry run fxai", "poetry run python optuna_optimization.py", "python optuna_optimization.py")
_TASK = ("poe", "poetry run poe")
_STANDS_FOR = {"N": "7"}
_MISSING = {"MissingParameter", "BadOptionUsage"}
_OF_ALL = {"--help", "-h", "--version", "--install-completion", "--show-completion"}


class Block(NamedTuple):
    """A fenced block: where it is, and what is in it."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(kind: str, pages: Sequence[Path] = PAGES) -> list[Block]:
    """All blocks of a kind, without their page's indentation."""
    return [block for page in pages for block in _blocks_of(page, kind)]


def _blocks_of(page: Path, kind: str) -> Iterator[Block]:
    text = page.read_text()
    for match in re.finditer(rf"^( *)```{kind}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
        body = re.sub(rf"^{match[1]}", "", match[2], flags=re.MULTILINE)
        yield Block(relpath(page, DOCS), text[: match.start()].count("\n") + 1, body)


def command_lines(block: Block) -> list[str]:
    """The lines of a shell block, comments left out."""
    lines = (line.partition("  #")[0].strip() for line in block.text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def inline_commands(page: Path) -> list[str]:
    """The command lines that a page has in its sentences and tables."""
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [code for code in re.findall(r"`([^`\n]+)`", prose) if is_ours(code)]


def is_ours(line: str) -> bool:
    """Whether a line calls FxAI or one of its tasks."""
    words = _words(line)
    return any(words[: len(start)] == start for start in map(str.split, (*_PROGRAM, *_TASK)))


def assert_can_be_called(line: str, *, in_full: bool = True) -> None:
    """The command, its options and its arguments are there, or the task is; nothing is run.

    A command that is only mentioned need not have all that it takes.
    """
    words = _words(line)
    for start in map(str.split, _TASK):
        if words[: len(start)] == start:
            assert words[len(start)] in TASKS, line
            return
    start = next(start for start in sorted(map(str.split, _PROGRAM), key=len) if words[: len(start)] == start)
    arguments = [_STANDS_FOR.get(word, word) for word in words[len(start) :] if word != "..."]
    try:
        _parse(arguments)
    except Exception as error:
        if in_full or type(error).__name__ not in _MISSING:
            raise


def _parse(arguments: Sequence[str]) -> None:
    command: Any = typer.main.get_command(app)
    context = command.make_context("fxai", [], resilient_parsing=True)
    rest = with_command(arguments)
    while hasattr(command, "resolve_command"):
        if rest[0] in _OF_ALL:
            return
        _, command, rest = command.resolve_command(context, rest)
    if not _OF_ALL.intersection(rest):
        command.make_context(command.name, list(rest))


def _words(line: str) -> list[str]:
    """Without what is set before the command, a redirection behind it, and trailing dots."""
    words = shlex.split(re.split(r" > | && ", line)[0].removesuffix(" …"), comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        del words[0]
    return words
