"""One trial at the worker border: whatever its objective does, it ends as a value.

What goes wrong is also written to stderr, which is the trial's log.
"""

import contextlib
import math
import sys
import time
import traceback
from collections.abc import Generator, Mapping

from fxai.trial import (
    Cause,
    Decision,
    Outcome,
    Report,
    Slot,
    TrialError,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.workers.objective_loader import load_objective


class RunningTrial:
    """A trial that goes on one evaluation at a time.

    A report or an objective value that is not finite ends the trial as FAIL, so that neither pruner nor
    sampler ever meets one.
    """

    def __init__(self, request: TrialRequest, slot: Slot) -> None:
        self._request = request
        self._slot = slot
        self._began = time.monotonic()
        self._reports: Generator[Report, None, Outcome] | None = None
        self._metrics: Mapping[str, float] = {}  # of the last report; a pruned trial keeps them

    def advance(self, decision: Decision = Decision.CONTINUE) -> Report | TrialResult:
        """Go on to the next report or to the end; any other decision than CONTINUE is the end."""
        if decision is not Decision.CONTINUE:
            return self._close(decision)
        try:
            return self._go_on()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # failures are values here
            return self._fail(error)

    def _go_on(self) -> Report | TrialResult:
        if self._reports is None:
            self._reports = load_objective(self._request.objective)(self._request, self._slot)
        try:
            return self._checked(next(self._reports))
        except StopIteration as end:
            return self._complete(end.value)

    def _checked(self, report: Report) -> Report | TrialResult:
        if not isinstance(report, Report):
            raise TypeError(f"The objective yielded {report!r} instead of a Report.")
        if report.number != self._request.number:
            raise ValueError(f"The objective yielded a report of trial {report.number}.")
        if math.isfinite(report.value):
            self._metrics = _plain(report.metrics)
            return Report(report.number, int(report.step), float(report.value), self._metrics)
        self._close_generator()
        return self._not_finite(report.value, f"at step {report.step}")

    def _complete(self, outcome: Outcome) -> TrialResult:
        if not isinstance(outcome, Outcome):
            raise TypeError(f"The objective returned {outcome!r} instead of an Outcome.")
        if not math.isfinite(outcome.value):
            return self._not_finite(outcome.value, "at the end")
        number, value, metrics = self._request.number, float(outcome.value), _plain(outcome.metrics)
        remove_checkpoint(self._request)
        return TrialResult(number, TrialState.COMPLETE, self._seconds, value, metrics)

    def _close(self, decision: Decision) -> TrialResult:
        self._close_generator()
        if decision is Decision.STOP:
            return TrialResult(self._request.number, TrialState.RETURNED, self._seconds)
        remove_checkpoint(self._request)
        return TrialResult(self._request.number, TrialState.PRUNED, self._seconds, metrics=self._metrics)

    def _close_generator(self) -> None:
        try:
            if self._reports is not None:
                self._reports.close()
        except (Exception, SystemExit):  # noqa: BLE001  # failures are values here
            traceback.print_exc()  # the trial's state stands

    def _fail(self, error: BaseException) -> TrialResult:
        cause = Cause.OUT_OF_MEMORY if is_out_of_memory(error) else Cause.EXCEPTION
        text = "".join(traceback.format_exception(error))
        sys.stderr.write(text)
        summary = traceback.format_exception_only(error)[-1].strip().splitlines()
        return failed(self._request, cause, summary[0] if summary else repr(error), self._seconds, text)

    def _not_finite(self, value: float, place: str) -> TrialResult:
        message = f"the objective's value is {value} {place}"
        sys.stderr.write(f"Trial {self._request.number} failed: {message}.\n")
        return failed(self._request, Cause.NOT_FINITE, message, self._seconds)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began


def _plain(metrics: Mapping[str, float]) -> dict[str, float]:
    """Python's own numbers, which JSON knows, in place of NumPy's and torch's."""
    return {name: float(value) for name, value in metrics.items()}


def failed(request: TrialRequest, cause: Cause, message: str, seconds: float, text: str = "") -> TrialResult:
    """The result of a trial that failed for good; its message names the log, its checkpoint is removed."""
    remove_checkpoint(request)
    error = TrialError(cause, f"{message} (log: {TrialPaths(request.directory).log})", text)
    return TrialResult(request.number, TrialState.FAIL, seconds, error=error)


def remove_checkpoint(request: TrialRequest) -> None:
    with contextlib.suppress(OSError):  # one that stays is only space
        TrialPaths(request.directory).checkpoint.unlink(missing_ok=True)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether host or device memory ran out; torch's error is known by its name, so that none is imported."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def spoils_the_process(error: TrialError | None) -> bool:
    """Whether the process should take no further trial: memory stays with it, a CUDA error sticks to it."""
    return error is not None and (error.cause is Cause.OUT_OF_MEMORY or "CUDA error" in error.message)
