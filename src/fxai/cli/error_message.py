"""Text of errors and warnings on standard error."""

import errno
import re

import typer

from fxai.errors import FxaiError, InputError, SpecError
from fxai.formatting import legible

_MOST_LINES = 15
_LONGEST_WORD = 200  # characters; a longer name would hide the message
_LONGEST_LINE = 1500
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")

_PATH_ERRORS = {  # the path that the user gave is wrong; any other error happened during the work
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.EACCES,
    errno.EPERM,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EINVAL,
}


def exit_code_of(error: FxaiError | OSError) -> int:
    """The exit code of a command that this error ends."""
    if isinstance(error, FxaiError):
        return error.exit_code
    return InputError.exit_code if error.errno in _PATH_ERRORS else FxaiError.exit_code


def error_message(error: FxaiError | OSError) -> str:
    """`Error: ...`, further lines indented below. Of more than 15 lines the first are printed, with a count."""
    lines = [_shortened(legible(line)) for line in _text_of(error).splitlines()] or [type(error).__name__]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"and {len(lines) - _MOST_LINES} more"]
    first, *others = lines
    head = ["Error:", first] if others and isinstance(error, SpecError) else [f"Error: {first}"]
    return "\n  ".join([*head, *others])


def warning(message: str) -> None:
    """Print a warning on standard error."""
    typer.echo(f"Warning: {_shortened(legible(message))}", err=True)


def _text_of(error: FxaiError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _shortened(line: str) -> str:
    """The line without the middle of words over 200 characters, cut after 1,500 characters."""
    line = _LONG_WORD.sub(lambda word: f"{word[0][:60]}...{word[0][-20:]}", line)
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."
