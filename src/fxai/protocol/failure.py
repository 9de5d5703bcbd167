"""Failures of trials as values and text that cross process borders."""

import signal
import traceback

from fxai.protocol.bounds import bounded_error
from fxai.protocol.records import NOTHING_DERIVED, Cause, JsonObject, TrialError


class TrialFailedError(Exception):
    """Raised by an objective whose trial failed, with the failure as a value, which may come from another process."""

    def __init__(self, error: TrialError, derived: JsonObject = NOTHING_DERIVED) -> None:
        super().__init__(error.message)
        self.error = error
        self.derived = derived


def failed(message: str) -> TrialFailedError:
    """A failure with this message and no traceback."""
    return TrialFailedError(TrialError(Cause.EXCEPTION, message))


def error_of(error: BaseException) -> TrialError:
    """The exception as a value; its message is one line."""
    if isinstance(error, TrialFailedError):
        return bounded_error(error.error)
    cause = Cause.OUT_OF_MEMORY if is_out_of_memory(error) else Cause.EXCEPTION
    summary = traceback.format_exception_only(error)[-1].strip().splitlines()
    message = summary[0] if summary else type(error).__name__
    return bounded_error(TrialError(cause, message, "".join(traceback.format_exception(error))))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether host or device memory was exhausted. torch's error is recognized by name, without importing torch."""
    if isinstance(error, MemoryError) or is_device_out_of_memory(error):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def is_device_out_of_memory(error: BaseException) -> bool:
    """Whether the memory of a device was exhausted."""
    return any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__)


def described(exit_code: int | None) -> str:
    """How a process ended, as a predicate: "exited with status 3"."""
    if exit_code is None:
        return "was lost together with its parent process"
    if exit_code < 0:
        return f"was killed by {signal.Signals(-exit_code).name}"
    return f"exited with status {exit_code}"
