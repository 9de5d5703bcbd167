"""Lanes for generator functions: one trial at a time, one evaluation per call of `advance`."""

import traceback
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from fxai.objectives.worker_trial import WorkerTrial
from fxai.protocol import (
    Decision,
    LanePlan,
    Lanes,
    Objective,
    Outcome,
    Report,
    Slot,
    TrialRequest,
    TrialResult,
    TrialState,
    error_of,
)
from fxai.protocol.trial_failure import raised
from fxai.sigterm import seconds_since_sigterm


class GeneratorTrial:
    """A trial of a generator function. An exception of the function becomes the trial's result."""

    def __init__(self, objective: Objective, trial: WorkerTrial, slot: Slot) -> None:
        self.trial = trial
        self._objective = objective
        self._slot = slot
        self._reports: Generator[Report, None, Outcome] | None = None
        self._metrics: Mapping[str, float] = {}  # of the last report; the metrics of a pruned trial

    def advance(self) -> Report | TrialResult:
        """Continue to the next report or to the end. After PRUNE or STOP the trial ends."""
        if self.trial.decision is not Decision.CONTINUE:
            return self._close(self.trial.decision)
        try:
            return self._continue()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the failure becomes a result
            if seconds_since_sigterm() < self.trial.seconds:  # the code of the trial may have received SIGTERM too
                flaw = f"failed after SIGTERM: {error_of(error).message}"
                return TrialResult(self.trial.number, TrialState.RETURNED, self.trial.seconds, flaw=flaw)
            return raised(self.trial.request, error, self.trial.seconds)

    def _continue(self) -> Report | TrialResult:
        if self._reports is None:
            self._reports = self._objective(self.trial.request, self._slot)
        try:
            return self._checked(next(self._reports))
        except StopIteration as end:
            return self._complete(end.value)

    def _checked(self, report: Report) -> Report:
        if not isinstance(report, Report):
            raise TypeError(f"The objective yielded {report!r} instead of a Report.")
        if report.number != self.trial.number:
            raise ValueError(f"The objective yielded a report of trial {report.number}.")
        self._metrics = report.metrics
        self.trial.reported()
        return report

    def _complete(self, outcome: Outcome) -> TrialResult:
        if not isinstance(outcome, Outcome):
            raise TypeError(f"The objective returned {outcome!r} instead of an Outcome.")
        result = TrialResult(self.trial.number, TrialState.COMPLETE, self.trial.seconds, outcome.value, outcome.metrics)
        return replace(result, flaw=outcome.flaw, derived=outcome.derived)

    def _close(self, decision: Decision) -> TrialResult:
        try:
            if self._reports is not None:
                self._reports.close()
        except (Exception, SystemExit):  # noqa: BLE001  # the trial's state is known already
            traceback.print_exc()
        number, seconds = self.trial.number, self.trial.seconds
        if decision is Decision.STOP:
            return TrialResult(number, TrialState.RETURNED, seconds)
        return TrialResult(number, TrialState.PRUNED, seconds, metrics=self._metrics)


class GeneratorLanes:
    """Runs the trials of a generator function, which trains all seeds of a trial. A trial waits for each decision."""

    def __init__(self, objective: Objective, slot: Slot) -> None:
        self._objective = objective
        self._slot = slot
        self._running: GeneratorTrial | None = None

    @property
    def width(self) -> int:
        return 1

    @property
    def busy(self) -> bool:
        return self._running is not None and not self._running.trial.waits

    def admit(self, request: TrialRequest) -> None:
        self._running = GeneratorTrial(self._objective, WorkerTrial(request), self._slot)

    def decide(self, number: int, decision: Decision) -> None:
        if self._running is not None and self._running.trial.number == number:
            self._running.trial.answered(decision)

    def advance(self) -> Sequence[Report | TrialResult]:
        if self._running is None or self._running.trial.waits:
            return ()
        step = self._running.advance()
        if isinstance(step, TrialResult):
            self._running = None
        return (step,)


class GeneratorObjective:
    """Opens lanes for the trials of a generator function."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective

    def __call__(self, plan: LanePlan, slot: Slot) -> Lanes:  # noqa: ARG002  # always one lane
        return GeneratorLanes(self._objective, slot)
