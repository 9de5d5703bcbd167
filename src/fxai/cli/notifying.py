"""`--notify`: runs a command at the end of a command of FxAI, also after a failure and an interruption."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer

from fxai.cli.error_message import exit_code_of, warning
from fxai.errors import FxaiError
from fxai.formatting import local_time
from fxai.search.stored_run import RunState
from fxai.study.notification import LIMIT_SECONDS, notify, split_command
from fxai.study.study_note import StudyNote

INTERRUPTED = 130
_FAILED = 1

NotifyCommand: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--notify",
        metavar="COMMAND",
        help="Command to run at the end, with a summary as JSON on its standard input.",
    ),
]


class Notes:
    """What a command has to tell at its end."""

    def __init__(self) -> None:
        self.studies: list[StudyNote] = []
        self.reason: str | None = None  # why the command fails although no study has failed


@contextmanager
def notifying(command_line: str | None, command: str) -> Iterator[Notes]:
    """Run the command of `--notify` when the block ends, in any way. It never changes how the block ends.

    Args:
        command_line: Value of `--notify`; None runs nothing.
        command: Name of the command of FxAI.

    Raises:
        InputError: The command line of `--notify` cannot be used. The block does not begin then.
    """
    notes = Notes()
    if command_line is None:
        yield notes
        return
    words, start = split_command(command_line), local_time()
    try:
        yield notes
    except BaseException as error:
        _send(words, command, start, notes, error)
        raise
    _send(words, command, start, notes, None)


def _send(words: Sequence[str], command: str, start: str, notes: Notes, error: BaseException | None) -> None:
    code = _code(error)
    summary = {
        "command": command,
        "state": _state(code, error, notes),
        "reason": _reason(error, notes),
        "exit_code": code,
        "start": start,
        "end": local_time(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "studies": [each.as_json() for each in notes.studies],
    }
    if (fault := notify(words, summary, LIMIT_SECONDS)) is not None:
        warning(f"--notify: {fault}. The result of this command is unchanged.")


def _code(error: BaseException | None) -> int:
    match error:
        case None:
            return 0
        case typer.Exit():
            return error.exit_code
        case FxaiError() | OSError():
            return exit_code_of(error)
        case KeyboardInterrupt():
            return INTERRUPTED
    return _FAILED


def _state(code: int, error: BaseException | None, notes: Notes) -> RunState:
    """`failed` if a study has failed, or if an error ended the command."""
    if code == INTERRUPTED:
        return RunState.INTERRUPTED
    stopped = error is not None and not isinstance(error, typer.Exit)
    failed = stopped or any(each.state == RunState.FAILED for each in notes.studies)
    return RunState.FAILED if failed else RunState.FINISHED


def _reason(error: BaseException | None, notes: Notes) -> str | None:
    """The message of the error that ended the command, or else the first reason of a study."""
    if error is not None and not isinstance(error, typer.Exit):
        return "interrupted" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
    return next((each.reason for each in notes.studies if each.reason), notes.reason)
