"""The contract that every place for trials fulfils: free slots, submit, events, answer, close."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from fxai.trial import Cause, Decision, Report, TrialRequest, TrialResult


@dataclass(frozen=True, slots=True)
class TrialStarted:
    number: int
    worker: int


@dataclass(frozen=True, slots=True)
class TrialReported:
    """The trial waits for `Workers.answer` before it goes on."""

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


class Workers(Protocol):
    """A place where trials run. Methods are called from one thread."""

    @property
    def free_slots(self) -> int:
        """How many further trials may be submitted now."""
        ...

    def submit(self, request: TrialRequest) -> None:
        """Start a trial on a free slot; its first event is `TrialStarted`."""
        ...

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        """What has happened, oldest first; waits up to `timeout` seconds for the first event."""
        ...

    def answer(self, number: int, decision: Decision) -> None:
        """Let a trial that reported go on, or end it: its `TrialEnded` says PRUNED or RETURNED."""
        ...

    def activity(self) -> Sequence[Activity]:
        """What each worker is doing."""
        ...

    def close(self) -> None:
        """End every worker now and wait until their processes are gone. Calling it twice is fine."""
        ...
