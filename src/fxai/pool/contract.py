"""The contract of worker pools: free slots, submit, events, answer, close."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from fxai.pool.running_trials import RunningTrial
from fxai.protocol import Cause, Decision, Report, TrialRequest, TrialResult


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A worker has begun the trial."""

    number: int
    worker: int


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A worker process has ended, and its trials are lost. A new worker starts in its place, unless its host is lost.

    The event does not say which trial crashed the worker: see `study/crash_bisection.py`.
    """

    worker: int
    cause: Cause
    message: str
    trials: tuple[int, ...]
    host: str = ""  # the host, if the worker was lost together with all workers of its host


@dataclass(frozen=True, slots=True)
class PoolNotice:
    """A warning about the workers, for example about a host that cannot be used."""

    message: str


WorkerEvent: TypeAlias = TrialStarted | Report | TrialResult | WorkerLost | PoolNotice
"""A trial has begun, has reported, or has ended or was returned by its worker; a worker was lost; or a warning."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What one worker is doing, for the live view."""

    worker: int
    device: str
    trials: tuple[int, ...]
    step: int | None = None


class WorkerPool(Protocol):
    """Workers that train trials. Its methods are called from one thread."""

    @property
    def free_slots(self) -> int:
        """Number of further trials that may be submitted now. A worker may hold several."""
        ...

    def submit(self, request: TrialRequest) -> RunningTrial:
        """Give a trial to a worker. Its first event is `TrialStarted`.

        The event comes later if no worker has room for the trial now, because the workers' trials are of another
        cohort, or because the number of lanes has become smaller.

        Returns:
            The trial while it runs. The pool keeps it up to date; `RunningTrial.waits` says whether its last report
            waits for `answer`.
        """
        ...

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        """The new events, oldest first. Waits up to `timeout` seconds for the first event.

        A report waits for `answer`. Without an answer the trial waits at its next report or at its end. Reports of one
        update of a worker come in one batch of events. A report that is passed over is answered, but neither stored
        nor shown to the pruner.
        """
        ...

    def answer(self, number: int, decision: Decision) -> None:
        """Answer a trial's report: the trial continues or ends.

        The `TrialResult` of a trial that ends here has the state PRUNED or RETURNED. A worker that has too few lanes
        left for a trial returns it too.
        """
        ...

    def activity(self) -> Sequence[Activity]:
        """What each worker is doing."""
        ...

    def close(self) -> None:
        """End every worker now and wait until its processes have ended. A second call does nothing."""
        ...
