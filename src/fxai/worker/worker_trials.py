"""The trials of one worker at its border: whatever their lanes do, each ends as a value."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
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
    log_failure,
    log_line,
    make_folder,
    raised,
    remove_checkpoint,
    spoils_the_process,
)
from fxai.worker.peak_memory import NO_PEAK, Peak, peak_since_last_call


@dataclass(frozen=True, slots=True)
class LanesStep:
    """What came of one step of the lanes."""

    reports: tuple[Report, ...] = ()
    results: tuple[TrialResult, ...] = ()
    fit: bool = True  # False: the process should take no further trial
    failure: TrialError | None = None  # raised with several trials aboard: all are lost, none is to blame


@dataclass(slots=True)
class WorkerTrial:
    request: TrialRequest
    began: float
    last_step: int | None = None  # of its last report that was not passed over
    warned: bool = False  # its first flaw was told
    has_folder: bool = False  # where its files lie
    peak: Peak = NO_PEAK

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


class WorkerTrials:
    """Drives a worker's lanes.

    Every report and result passes here, whatever the lanes are. A report whose step or value cannot be kept is
    passed over, so that neither pruner nor sampler nor database meets it; the first flaw of a trial is told, and
    written to its log. A trial whose last value is not finite ends as FAIL. What the lanes raise is the failure of
    a trial that is alone, and of nobody else; no step follows it.

    A trial that is the only one that the lanes can hold has the process's output: `write_output_to` is
    told its log, and None at its end. What goes wrong with a trial is written to its own log either way.
    """

    def __init__(self, lanes: Lanes, write_output_to: Callable[[Path | None], None]) -> None:
        self._lanes = lanes
        self._write_output_to = write_output_to
        self._hosted: dict[int, WorkerTrial] = {}
        self._unanswered: set[int] = set()
        self._has_output: int | None = None
        self._broken = False

    @property
    def width(self) -> int:
        return self._lanes.width

    @property
    def busy(self) -> bool:
        return not self._broken and self._lanes.busy

    @property
    def broken(self) -> bool:
        """Whether the lanes raised, and can be used no more."""
        return self._broken

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(self._hosted)

    @property
    def unanswered(self) -> AbstractSet[int]:
        """Trials whose report waits for a decision."""
        return self._unanswered

    def has_room_for(self, seeds: int) -> bool:
        used = sum(len(hosted.request.seeds) for hosted in self._hosted.values())
        return not self._broken and (not used or used + seeds <= self.width)

    def admit(self, request: TrialRequest) -> LanesStep:
        """Take a trial. One that has no room, because the lanes became fewer meanwhile, is RETURNED."""
        if not self.has_room_for(len(request.seeds)):
            return LanesStep(results=(TrialResult(request.number, TrialState.RETURNED, 0.0),))
        self._note_peaks()
        alone = not self._hosted and self.width < 2 * len(request.seeds)
        hosted = self._hosted[request.number] = WorkerTrial(request, time.monotonic())
        hosted.has_folder = make_folder(request)
        try:
            take_folder(request)
            if alone:
                self._has_output = request.number
                self._write_output_to(TrialPaths(request.directory).log)
            self._lanes.admit(request)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # failures are values here
            return self._lanes_step((), [self._ended(hosted, raised(request, error, hosted.seconds))])
        return LanesStep()

    def decide(self, number: int, decision: Decision) -> None:
        hosted = self._hosted.get(number)
        if hosted is not None:
            self._unanswered.discard(number)
            self._lanes.decide(number, decision)

    def advance(self) -> LanesStep:
        """Train an update of one pack."""
        try:
            return self._sorted(self._lanes.advance())
        except (Exception, SystemExit) as error:  # noqa: BLE001  # failures are values here
            return self._break(error)

    def _sorted(self, said: Iterable[Report | TrialResult]) -> LanesStep:
        reports, results = [], []
        for word in said:
            if not isinstance(word, Report | TrialResult):
                raise TypeError(f"The lanes said {word!r}, which is neither a Report nor a TrialResult.")
            hosted = self._hosted.get(word.number)
            if hosted is None:
                continue  # it was given up
            if isinstance(word, TrialResult):
                results.append(self._ended(hosted, word))
            else:
                reports.append(self._reported(hosted, word))
        return self._lanes_step(reports, results)

    def _reported(self, hosted: WorkerTrial, report: Report) -> Report:
        self._unanswered.add(report.number)
        bounded = bounded_report(report, hosted.last_step, hosted.request.most_step)
        if not bounded.passed_over:
            hosted.last_step = bounded.step
        return replace(bounded, number=hosted.request.number, flaw=self._told_once(hosted, bounded.flaw))

    def _told_once(self, hosted: WorkerTrial, flaw: str) -> str:
        """The flaw if it is the trial's first; else none."""
        if not flaw or hosted.warned:
            return ""
        hosted.warned = True
        log_line(hosted.request, f"Trial {hosted.request.number}: {flaw}\n")
        return flaw

    def _checked(self, hosted: WorkerTrial, result: TrialResult) -> TrialResult:
        """The result in plain numbers; FAIL where it is COMPLETE without a finite value."""
        bounded = bounded_result(result, hosted.seconds)
        error = None
        if bounded.state is TrialState.FAIL:
            error = bounded.error or TrialError(Cause.EXCEPTION, "failed without a reason")
        elif bounded.state is TrialState.COMPLETE and (bounded.value is None or not math.isfinite(bounded.value)):
            value = result.value if bounded.value is None else bounded.value
            error = TrialError(Cause.NOT_FINITE, f"the objective's value is {shown(value)} at the end")
        if error is not None:
            told = failed(hosted.request, error.cause, error.message, bounded.seconds, error.traceback)
            return replace(told, usage=bounded.usage, derived=bounded.derived)
        flaw = bounded.flaw if bounded.state is TrialState.RETURNED else self._told_once(hosted, bounded.flaw)
        return replace(bounded, number=hosted.request.number, flaw=flaw)

    def _ended(self, hosted: WorkerTrial, result: TrialResult) -> TrialResult:
        if result.state is TrialState.FAIL and hosted.has_folder and not hosted.request.directory.exists():
            flaw = f"its folder {hosted.request.directory} was deleted while it ran"
            result = TrialResult(result.number, TrialState.RETURNED, hosted.seconds, flaw=flaw)
        result = self._checked(hosted, result)
        self._note_peaks()
        del self._hosted[result.number]
        self._unanswered.discard(result.number)
        if self._has_output == result.number:
            self._has_output = None
            self._write_output_to(None)
        if result.error is not None:
            log_failure(hosted.request, result.error)
        if result.state is not TrialState.RETURNED:
            remove_checkpoint(hosted.request)
        peak = hosted.peak
        return replace(
            result, usage=replace(result.usage, peak_memory_mb=peak.memory_mb, peak_gpu_memory_mb=peak.gpu_memory_mb)
        )

    def _note_peaks(self) -> None:
        """Who is here changes now: those that are have met the peak since it last did."""
        peak = peak_since_last_call()
        for hosted in self._hosted.values():
            hosted.peak = hosted.peak.or_higher(peak)

    def _break(self, error: BaseException) -> LanesStep:
        self._broken = True
        if len(self._hosted) != 1:
            return LanesStep(fit=False, failure=error_of(error))
        (hosted,) = self._hosted.values()
        result = self._ended(hosted, raised(hosted.request, error, hosted.seconds))
        return LanesStep(results=(result,), fit=False)

    def _lanes_step(self, reports: Sequence[Report], results: Sequence[TrialResult]) -> LanesStep:
        fit = not any(spoils_the_process(result.error) for result in results)
        return LanesStep(tuple(reports), tuple(results), fit)
