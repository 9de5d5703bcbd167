"""The contract that every place for trials fulfils: free slots, submit, events, answer, close."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from fxai.pool.running_trials import RunningTrial
from fxai.protocol import Cause, Decision, Report, TrialRequest, TrialResult


@dataclass(frozen=True, slots=True)
class TrialStarted:
    number: int
    worker: int


@dataclass(frozen=True, slots=True)
class TrialReported:
    """The report waits for `WorkerPool.answer`. Without an answer the trial stops at its next report or its end.

    Reports of one update of a worker come in one batch of events. A report that is passed over is answered, and
    neither stored nor judged.
    """

    report: Report


@dataclass(frozen=True, slots=True)
class TrialEnded:
    result: TrialResult


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A worker process has ended, and its trials are lost; a new worker is started in its place.

    The event does not say which trial crashed the worker: see `study/crash_bisection.py`.
    """

    worker: int
    cause: Cause
    message: str
    trials: tuple[int, ...]


WorkerEvent: TypeAlias = TrialStarted | TrialReported | TrialEnded | WorkerLost


@dataclass(frozen=True, slots=True)
class Activity:
    """What one worker is doing, for the live view."""

    worker: int
    device: str
    trials: tuple[int, ...]
    step: int | None = None


class WorkerPool(Protocol):
    """A place where trials run. Methods are called from one thread."""

    @property
    def free_slots(self) -> int:
        """How many further trials may be submitted now; a worker may hold several."""
        ...

    def submit(self, request: TrialRequest) -> RunningTrial:
        """Give a trial to a worker; its first event is `TrialStarted`.

        The event comes later if no worker has room for the trial now, because the workers' trials are of another
        cohort, or because lanes became fewer.

        Returns:
            The trial while it runs. The pool keeps it up to date; `RunningTrial.waits` says whether its last report
            waits for `answer`.
        """
        ...

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        """What has happened, oldest first; waits up to `timeout` seconds for the first event."""
        ...

    def answer(self, number: int, decision: Decision) -> None:
        """Let a trial that reported go on, or end it: its `TrialEnded` says PRUNED or RETURNED.

        A trial may also be RETURNED by a worker that has too few lanes left for it.
        """
        ...

    def activity(self) -> Sequence[Activity]:
        """What each worker is doing."""
        ...

    def close(self) -> None:
        """End every worker now and wait until their processes are gone. Calling it twice is fine."""
        ...
