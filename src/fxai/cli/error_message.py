"""How errors and warnings read on standard error."""

import re

import typer

from fxai.errors import FxaiError, SpecError
from fxai.formatting import legible

_MOST_LINES = 15
_LONGEST_WORD = 200  # characters; a name of thousands would hide what is wrong with it
_LONGEST_LINE = 1500
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


def error_message(error: FxaiError | OSError) -> str:
    """`Error: ...` with further lines below; faults of a spec stand below each other, of very many the first."""
    lines = [_shortened(legible(line)) for line in _text_of(error).splitlines()] or [type(error).__name__]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"and {len(lines) - _MOST_LINES} more"]
    first, *others = lines
    head = ["Error:", first] if others and isinstance(error, SpecError) else [f"Error: {first}"]
    return "\n  ".join([*head, *others])


def warning(message: str) -> None:
    """Say on standard error what the user should know, without ending anything."""
    typer.echo(f"Warning: {_shortened(legible(message))}", err=True)


def _text_of(error: FxaiError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _shortened(line: str) -> str:
    """The line with the middle of very long words left out, and cut where it is very long all the same."""
    line = _LONG_WORD.sub(lambda word: f"{word[0][:60]}...{word[0][-20:]}", line)
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."
