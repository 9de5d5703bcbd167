"""Runs the command of `--notify` at the end of a run, with a summary of the run as JSON on its standard input."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from fxai.errors import InputError
from fxai.results.strict_json import json_text

LIMIT_SECONDS: Final = 60.0
"""Time after which the command is killed."""
_STANDARD_ERROR: Final = 2  # descriptor


def split_command(text: str) -> tuple[str, ...]:
    """The words of a command, split as a POSIX shell splits them. Nothing is expanded, and no shell is started.

    Raises:
        InputError: A quotation mark is not closed, or there is no such program.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"--notify {text!r} cannot be split into words: {error}") from None
    if not words:
        raise InputError("--notify is empty; give a command, such as --notify ./tell.sh")
    if shutil.which(words[0]) is None:
        raise InputError(
            f"--notify: there is no program {words[0]!r} that can be executed; give the path of one, or a name on the "
            "PATH. For pipes and variables: --notify \"sh -c '...'\""
        )
    return tuple(words)


def notify(command: Sequence[str], summary: object, limit: float = LIMIT_SECONDS) -> str | None:
    """Run a command with a summary on its standard input. Returns what went wrong, or None.

    What the command prints goes to the standard error of this process. After the time limit, or at a Ctrl-C, the
    command is killed with its process group.

    Args:
        command: Program and arguments.
        summary: What is written as JSON.
        limit: Seconds.
    """
    name = command[0]
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is the user's
            command, stdin=subprocess.PIPE, stdout=_STANDARD_ERROR, start_new_session=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{name} could not be started: {error}"
    try:
        process.communicate(json_text(summary).encode(), timeout=limit)
    except subprocess.TimeoutExpired:
        _kill(process)
        return f"{name} did not end within {limit:g} s and was killed"
    except KeyboardInterrupt:
        _kill(process)
        return f"{name} was killed, because it was interrupted"
    code = process.returncode
    if code < 0:
        return f"{name} was ended by signal {-code}"
    return f"{name} exited with {code}" if code else None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
