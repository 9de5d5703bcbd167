"""The result of a failed trial, its text in the trial's log, and its effect on the process."""

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
    """The result of a trial that failed permanently. The message names the log; the checkpoint is removed."""
    remove_checkpoint(request)
    log = str(TrialPaths(request.directory).log)
    first = (message.strip().splitlines() or [cause.value])[0]
    place = "" if log in first else f" (log: {log})"
    first = bounded_text(first, max(LONGEST_MESSAGE - len(place) - _ELLIPSIS, 0))
    error = TrialError(cause, first + place, text)
    return TrialResult(request.number, TrialState.FAIL, seconds, error=error)


def raised(request: TrialRequest, error: BaseException, seconds: float) -> TrialResult:
    """The result of a trial whose objective raised `error`."""
    value = error_of(error)
    result = failed(request, value.cause, value.message, seconds, value.traceback)
    return replace(result, derived=error.derived) if isinstance(error, TrialFailedError) else result


def log_failure(request: TrialRequest, error: TrialError) -> None:
    """Write the failure into the trial's log."""
    log_line(request, error.traceback or f"Trial {request.number} failed: {error.message}\n")


def log_line(request: TrialRequest, text: str) -> None:
    """Write a line of FxAI into the trial's log."""
    with contextlib.suppress(OSError):  # an error of the log must not end the study
        log = BoundedLog(TrialPaths(request.directory).log)
        with contextlib.closing(log):
            log.write(text.encode(errors="backslashreplace"))


def make_folder(request: TrialRequest) -> bool:
    """Create the trial's folder; returns whether it exists."""
    with contextlib.suppress(OSError):  # code that needs the folder raises a clearer error
        request.directory.mkdir(parents=True, exist_ok=True)
    return request.directory.is_dir()


def remove_checkpoint(request: TrialRequest) -> None:
    """Remove the checkpoint, reports and identity of an ended trial, so that no later trial uses them."""
    paths = TrialPaths(request.directory)
    with contextlib.suppress(OSError):  # a file that remains only uses disk space
        paths.identity.unlink(missing_ok=True)
        paths.checkpoint.unlink(missing_ok=True)
        paths.reports.unlink(missing_ok=True)


def leaves_process_unusable(error: TrialError | None) -> bool:
    """Whether the process should run no further trial: it keeps exhausted memory or a CUDA error."""
    return error is not None and (error.cause is Cause.OUT_OF_MEMORY or "CUDA error" in error.message)
