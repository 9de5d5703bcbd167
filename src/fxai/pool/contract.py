"""The contract that every place for trials fulfils: free slots, submit, events, answer, close."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from fxai.protocol import Cause, Decision, Report, TrialRequest, TrialResult


@dataclass(frozen=True, slots=True)
class TrialStarted:
    number: int
    worker: int


@dataclass(frozen=True, slots=True)
class TrialReported:
    """The trial waits for `Workers.answer`, at its next report or its end at the latest.

    Reports of one update of a worker come in one batch of events. One that is passed over counts for nothing else.
    """

    report: Report


@dataclass(frozen=True, slots=True)
class TrialEnded:
    result: TrialResult


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A worker is gone and its trials with it; a new one is being started in its place.

    Nobody says that one of these trials was to blame: the loop runs them again, and after a second
    death of a worker that held several of them in halves, until a culprit is alone.
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

    def submit(self, request: TrialRequest) -> None:
        """Give a trial to a worker; its first event is `TrialStarted`.

        That comes later where no worker has room for it now, because the trials they hold are of
        another cohort, or lanes became fewer.
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
