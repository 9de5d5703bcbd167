"""The trials of one worker: checks the reports and results of the lanes, and turns exceptions into results."""

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fxai.protocol import (
    Cause,
    Decision,
    Lanes,
    Report,
    TrialError,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
    bounded_report,
    bounded_result,
    error_of,
    shown,
    take_folder,
)
from fxai.protocol.trial_failure import (
    failed,
    leaves_process_unusable,
    log_failure,
    log_line,
    make_folder,
    raised,
    remove_checkpoint,
)
from fxai.protocol.worker_messages import WorkerMessage
from fxai.worker.peak_memory import NO_PEAK, Peak, peak_since_last_call


@dataclass(slots=True)
class CheckedTrial:
    """What the worker checks and measures of a trial."""

    request: TrialRequest
    began: float = field(default_factory=time.monotonic)
    last_step: int | None = None  # step of its last report that was not passed over
    warned: bool = False  # its first flaw was sent to the parent
    has_folder: bool = False  # whether the folder for its files was made
    peak: Peak = NO_PEAK

    @property
    def number(self) -> int:
        return self.request.number

    @property
    def seconds(self) -> float:
        """Seconds since the trial began in this worker."""
        return time.monotonic() - self.began

    def new_flaw(self, flaw: str) -> str:
        """The flaw if it is the trial's first, otherwise an empty text. Writes the first flaw to the trial's log."""
        if not flaw or self.warned:
            return ""
        self.warned = True
        log_line(self.request, f"Trial {self.request.number}: {flaw}\n")
        return flaw


class WorkerTrials:
    """Steps a worker's lanes and returns their reports and results as messages to the parent.

    A report whose step or value cannot be kept is passed over: it reaches neither pruner nor sampler nor database. The
    first flaw of a trial is sent to the parent and written to the trial's log. A trial whose last value is not finite
    ends as FAIL. If the lanes raise, a single trial fails, and several trials are lost with the worker; the lanes are
    not used again.

    If the lanes can hold only one trial, the process's output belongs to this trial: `write_output_to` is called with
    the trial's log, and with None at its end. The error of a failed trial is written to the trial's log in any case.
    """

    def __init__(self, lanes: Lanes, write_output_to: Callable[[Path | None], None]) -> None:
        self._lanes = lanes
        self._write_output_to = write_output_to
        self._trials: dict[int, CheckedTrial] = {}
        self._refused: list[TrialResult] = []  # of trials that did not begin; the next `advance` returns them
        self._has_output: int | None = None
        self._broken = False

    @property
    def width(self) -> int:
        return self._lanes.width

    @property
    def busy(self) -> bool:
        return bool(self._refused) or (not self._broken and self._lanes.busy)

    @property
    def broken(self) -> bool:
        """Whether the lanes raised an exception and cannot be used any more."""
        return self._broken

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(self._trials)

    def has_room_for(self, seeds: int) -> bool:
        used = sum(len(checked.request.seeds) for checked in self._trials.values())
        return not self._broken and (not used or used + seeds <= self.width)

    def admit(self, request: TrialRequest) -> None:
        """Start a trial. It is RETURNED if there is no room for it, because the number of lanes has become smaller."""
        if not self.has_room_for(len(request.seeds)):
            self._refused.append(TrialResult(request.number, TrialState.RETURNED, 0.0))
            return
        self._note_peaks()
        alone = not self._trials and self.width < 2 * len(request.seeds)
        checked = self._trials[request.number] = CheckedTrial(request)
        checked.has_folder = make_folder(request)
        try:
            take_folder(request)
            if alone:
                self._has_output = request.number
                self._write_output_to(TrialPaths(request.directory).log)
            self._lanes.admit(request)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # failures are values here
            self._refused.append(self._ended(checked, raised(request, error, checked.seconds)))

    def decide(self, number: int, decision: Decision) -> None:
        if number in self._trials:
            self._lanes.decide(number, decision)

    def advance(self) -> WorkerMessage:
        """Train one update of one pack. If trials did not begin, return their results at once instead."""
        if self._refused:
            refused, self._refused = self._refused, []
            return self._message((), refused)
        reports, results = [], []
        try:
            for message in self._lanes.advance():
                checked = self._trial_of(message)
                if checked is None:
                    continue  # the trial has already ended
                if isinstance(message, TrialResult):
                    results.append(self._ended(checked, message))
                    continue
                bounded = bounded_report(message, checked.last_step, checked.request.most_step)
                checked.last_step = checked.last_step if bounded.passed_over else bounded.step
                reports.append(replace(bounded, number=checked.number, flaw=checked.new_flaw(bounded.flaw)))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # failures are values here
            return self._break(error)
        return self._message(reports, results)

    def _trial_of(self, message: Report | TrialResult) -> CheckedTrial | None:
        """The trial that the message is about. None if this worker does not have the trial any more."""
        if not isinstance(message, Report | TrialResult):
            raise TypeError(f"The lanes returned {message!r}, which is neither a Report nor a TrialResult.")
        return self._trials.get(message.number)

    def _result(self, checked: CheckedTrial, result: TrialResult) -> TrialResult:
        """The result with Python numbers only. It is FAIL if the result is COMPLETE without a finite value."""
        bounded = bounded_result(result, checked.seconds)
        error = None
        if bounded.state is TrialState.FAIL:
            error = bounded.error or TrialError(Cause.EXCEPTION, "failed without a reason")
        elif bounded.state is TrialState.COMPLETE and (bounded.value is None or not math.isfinite(bounded.value)):
            value = result.value if bounded.value is None else bounded.value
            error = TrialError(Cause.NOT_FINITE, f"the objective's value is {shown(value)} at the end")
        if error is not None:
            failure = failed(checked.request, error.cause, error.message, bounded.seconds, error.traceback)
            return replace(failure, usage=bounded.usage, derived=bounded.derived)
        flaw = bounded.flaw if bounded.state is TrialState.RETURNED else checked.new_flaw(bounded.flaw)
        return replace(bounded, number=checked.number, flaw=flaw)

    def _ended(self, checked: CheckedTrial, result: TrialResult) -> TrialResult:
        if result.state is TrialState.FAIL and checked.has_folder and not checked.request.directory.exists():
            flaw = f"its folder {checked.request.directory} was deleted while it ran"
            result = TrialResult(result.number, TrialState.RETURNED, checked.seconds, flaw=flaw)
        result = self._result(checked, result)
        self._note_peaks()
        del self._trials[result.number]
        if self._has_output == result.number:
            self._has_output = None
            self._write_output_to(None)
        if result.error is not None:
            log_failure(checked.request, result.error)
        if result.state is not TrialState.RETURNED:
            remove_checkpoint(checked.request)
        peak = checked.peak
        return replace(
            result, usage=replace(result.usage, peak_memory_mb=peak.memory_mb, peak_gpu_memory_mb=peak.gpu_memory_mb)
        )

    def _note_peaks(self) -> None:
        """Note the peak since the last call for all trials of the worker. Called before a trial is added or removed."""
        peak = peak_since_last_call()
        for checked in self._trials.values():
            checked.peak = checked.peak.or_higher(peak)

    def _break(self, error: BaseException) -> WorkerMessage:
        self._broken = True
        if len(self._trials) != 1:
            return replace(self._message(), fit=False, failure=error_of(error))
        (checked,) = self._trials.values()
        result = self._ended(checked, raised(checked.request, error, checked.seconds))
        return replace(self._message((), (result,)), fit=False)

    def _message(self, reports: Sequence[Report] = (), results: Sequence[TrialResult] = ()) -> WorkerMessage:
        fit = not any(leaves_process_unusable(result.error) for result in results)
        return WorkerMessage(os.getpid(), self.width, reports=tuple(reports), results=tuple(results), fit=fit)
