"""The trial that a worker has: how far it is, and when it passes a limit. All times are monotonic."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from fxai.trial import Cause, Report, TrialRequest, TrialResult
from fxai.workers.limits import Limits
from fxai.workers.running_trial import failed


@dataclass(frozen=True, slots=True, order=True)
class Overrun:
    """A limit and when it is passed."""

    at: float
    cause: Cause
    message: str


@dataclass(slots=True)
class AssignedTrial:
    request: TrialRequest
    began: float | None = None  # once the worker has started it
    progressed: float = 0.0
    awaits_answer: bool = False
    step: int | None = None

    @property
    def number(self) -> int:
        return self.request.number

    def begin(self) -> None:
        self.began = self.progressed = time.monotonic()

    def report(self, report: Report) -> None:
        self.step = report.step
        self.awaits_answer = True

    def answered(self) -> None:
        self.awaits_answer = False
        self.progressed = time.monotonic()

    def next_overrun(self, limits: Limits) -> Overrun | None:
        return min(self._overruns(limits), default=None)

    def overran(self, overrun: Overrun) -> TrialResult:
        seconds = time.monotonic() - (self.began or overrun.at)
        return failed(self.request, overrun.cause, overrun.message, seconds)

    def _overruns(self, limits: Limits) -> Iterator[Overrun]:
        if self.began is None:
            return
        if (limit := limits.trial_seconds) is not None:
            yield Overrun(self.began + limit, Cause.TIME_LIMIT, f"still running after its limit of {limit:g} s")
        if (limit := limits.seconds_without_progress) is not None and not self.awaits_answer:
            yield Overrun(self.progressed + limit, Cause.NO_PROGRESS, f"no report for {limit:g} s")
