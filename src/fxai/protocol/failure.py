"""What went wrong with a trial, as values and words that cross process borders."""

import signal
import traceback

from fxai.protocol.bounds import bounded_error
from fxai.protocol.records import NOTHING_DERIVED, Cause, JsonObject, TrialError


class TrialFailedError(Exception):
    """Raised by an objective that knows its trial's failure as a value, from another process perhaps."""

    def __init__(self, error: TrialError, derived: JsonObject = NOTHING_DERIVED) -> None:
        super().__init__(error.message)
        self.error = error
        self.derived = derived


def failed(message: str) -> TrialFailedError:
    """A failure whose message says it all."""
    return TrialFailedError(TrialError(Cause.EXCEPTION, message))


def error_of(error: BaseException) -> TrialError:
    """An exception as a value; its message is one line."""
    if isinstance(error, TrialFailedError):
        return bounded_error(error.error)
    cause = Cause.OUT_OF_MEMORY if is_out_of_memory(error) else Cause.EXCEPTION
    summary = traceback.format_exception_only(error)[-1].strip().splitlines()
    message = summary[0] if summary else type(error).__name__
    return bounded_error(TrialError(cause, message, "".join(traceback.format_exception(error))))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether host or device memory ran out; torch's error is known by its name, so that none is imported."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def described(exit_code: int | None) -> str:
    """How a process ended, as what it did: "exited with status 3"."""
    if exit_code is None:
        return "was lost together with the process that kept it"
    if exit_code < 0:
        return f"was killed by {signal.Signals(-exit_code).name}"
    return f"exited with status {exit_code}"
