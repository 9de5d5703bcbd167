"""A generator function as lanes: one trial at a time, one evaluation per advance."""

import time
import traceback
from collections.abc import Generator, Mapping, Sequence

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
)
from fxai.protocol.trial_failure import raised


class GeneratorTrial:
    """A trial that goes on one evaluation at a time; what its objective raises is its result."""

    def __init__(self, objective: Objective, request: TrialRequest, slot: Slot) -> None:
        self.number = request.number
        self._objective = objective
        self._request = request
        self._slot = slot
        self._began = time.monotonic()
        self._reports: Generator[Report, None, Outcome] | None = None
        self._metrics: Mapping[str, float] = {}  # of the last report; a pruned trial keeps them

    def advance(self, decision: Decision) -> Report | TrialResult:
        """Go on to the next report or to the end; any other decision than CONTINUE is the end."""
        if decision is not Decision.CONTINUE:
            return self._close(decision)
        try:
            return self._go_on()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # failures are values here
            return raised(self._request, error, self._seconds)

    def _go_on(self) -> Report | TrialResult:
        if self._reports is None:
            self._reports = self._objective(self._request, self._slot)
        try:
            return self._checked(next(self._reports))
        except StopIteration as end:
            return self._complete(end.value)

    def _checked(self, report: Report) -> Report:
        if not isinstance(report, Report):
            raise TypeError(f"The objective yielded {report!r} instead of a Report.")
        if report.number != self.number:
            raise ValueError(f"The objective yielded a report of trial {report.number}.")
        self._metrics = report.metrics
        return report

    def _complete(self, outcome: Outcome) -> TrialResult:
        if not isinstance(outcome, Outcome):
            raise TypeError(f"The objective returned {outcome!r} instead of an Outcome.")
        return TrialResult(
            self.number,
            TrialState.COMPLETE,
            self._seconds,
            outcome.value,
            outcome.metrics,
            flaw=outcome.flaw,
            derived=outcome.derived,
        )

    def _close(self, decision: Decision) -> TrialResult:
        try:
            if self._reports is not None:
                self._reports.close()
        except (Exception, SystemExit):  # noqa: BLE001  # failures are values here
            traceback.print_exc()  # the trial's state stands
        if decision is Decision.STOP:
            return TrialResult(self.number, TrialState.RETURNED, self._seconds)
        return TrialResult(self.number, TrialState.PRUNED, self._seconds, metrics=self._metrics)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began


class GeneratorLanes:
    """Runs the trials of a generator function; all seeds of a trial are the function's to train.

    A trial that reported waits for its decision.
    """

    def __init__(self, objective: Objective, slot: Slot) -> None:
        self._objective = objective
        self._slot = slot
        self._trial: GeneratorTrial | None = None
        self._decision: Decision | None = None  # None: a report waits for it

    @property
    def width(self) -> int:
        return 1

    @property
    def busy(self) -> bool:
        return self._trial is not None and self._decision is not None

    def admit(self, request: TrialRequest) -> None:
        self._trial = GeneratorTrial(self._objective, request, self._slot)
        self._decision = Decision.CONTINUE

    def decide(self, number: int, decision: Decision) -> None:
        if self._trial is not None and self._trial.number == number:
            self._decision = decision

    def advance(self) -> Sequence[Report | TrialResult]:
        if self._trial is None or self._decision is None:
            return ()
        decision, self._decision = self._decision, None
        step = self._trial.advance(decision)
        if isinstance(step, TrialResult):
            self._trial = None
        return (step,)


class GeneratorObjective:
    """Opens lanes for the trials of a generator function."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective

    def __call__(self, plan: LanePlan, slot: Slot) -> Lanes:  # noqa: ARG002  # of one shape, whatever is planned
        return GeneratorLanes(self._objective, slot)
