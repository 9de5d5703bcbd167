"""A trial's failure as a value: its result, its words in the trial's log, and what it means for the process."""

import contextlib
from dataclasses import replace

from fxai.bounded_log import BoundedLog
from fxai.protocol import (
    Cause,
    TrialError,
    TrialFailedError,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
    error_of,
)
from fxai.protocol.bounds import LONGEST_MESSAGE, bounded_text

_ELLIPSIS = 3  # characters, which the bound adds


def failed(request: TrialRequest, cause: Cause, message: str, seconds: float, text: str = "") -> TrialResult:
    """The result of a trial that failed for good; its message names the log, its checkpoint is removed."""
    remove_checkpoint(request)
    log = str(TrialPaths(request.directory).log)
    first = (message.strip().splitlines() or [cause.value])[0]
    place = "" if log in first else f" (log: {log})"
    first = bounded_text(first, max(LONGEST_MESSAGE - len(place) - _ELLIPSIS, 0))
    error = TrialError(cause, first + place, text)
    return TrialResult(request.number, TrialState.FAIL, seconds, error=error)


def raised(request: TrialRequest, error: BaseException, seconds: float) -> TrialResult:
    """The result of a trial that raised `error`."""
    value = error_of(error)
    result = failed(request, value.cause, value.message, seconds, value.traceback)
    return replace(result, derived=error.derived) if isinstance(error, TrialFailedError) else result


def log_failure(request: TrialRequest, error: TrialError) -> None:
    """Write what went wrong into the trial's own log."""
    log_line(request, error.traceback or f"Trial {request.number} failed: {error.message}\n")


def log_line(request: TrialRequest, text: str) -> None:
    """Write a line of FxAI's into the trial's own log."""
    with contextlib.suppress(OSError):  # a full disk costs the log, not the study
        log = BoundedLog(TrialPaths(request.directory).log)
        with contextlib.closing(log):
            log.write(text.encode(errors="backslashreplace"))


def make_folder(request: TrialRequest) -> bool:
    """Make the folder of the trial's files; whether it is there."""
    with contextlib.suppress(OSError):  # what needs it says so
        request.directory.mkdir(parents=True, exist_ok=True)
    return request.directory.is_dir()


def remove_checkpoint(request: TrialRequest) -> None:
    """Remove what a trial goes on from: it has ended. What own code left in its folder belongs to no trial to come."""
    paths = TrialPaths(request.directory)
    with contextlib.suppress(OSError):  # one that stays is only space
        paths.identity.unlink(missing_ok=True)
        paths.checkpoint.unlink(missing_ok=True)
        paths.reports.unlink(missing_ok=True)


def spoils_the_process(error: TrialError | None) -> bool:
    """Whether the process should take no further trial: memory stays with it, a CUDA error sticks to it."""
    return error is not None and (error.cause is Cause.OUT_OF_MEMORY or "CUDA error" in error.message)
