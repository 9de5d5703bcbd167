"""A pool of simulated workers that only sleep. No process or thread is started."""

import heapq
import time
from collections.abc import Callable, Sequence

from fxai.pool import Activity, RunningTrial, TrialStarted, WorkerEvent
from fxai.pool.dispatcher import TrialDispatcher, WorkerCapacity
from fxai.protocol import Decision, TrialRequest, TrialResult, TrialState


class SleepingWorkers:
    """A `WorkerPool` of `count` workers with one trial each.

    Trials are assigned by the dispatcher of all pools. A trial ends `seconds_of(number)` after its begin, with
    `value_of(number)`. The worker is idle from then until the parent has handled the result and submitted the next
    trial.
    """

    def __init__(self, count: int, seconds_of: Callable[[int], float], value_of: Callable[[int], float]) -> None:
        self._seconds_of, self._value_of = seconds_of, value_of
        self._dispatcher = TrialDispatcher()
        self._trials: list[RunningTrial | None] = [None] * count  # by worker
        self._ends: list[tuple[float, int]] = []  # when the trial of each busy worker ends
        self._happened: list[WorkerEvent] = []
        self.began: float | None = None  # when the first trial began
        self.busy: list[tuple[float, float]] = []  # of each ended trial: when it began and ended

    @property
    def free_slots(self) -> int:
        return self._dispatcher.free(self._capacities())

    def submit(self, request: TrialRequest) -> RunningTrial:
        trial = RunningTrial(request)
        self._dispatcher.add(trial)
        while self._dispatcher.has_waiting and (taken := self._dispatcher.take(self._capacities())) is not None:
            self._begin(*taken)
        return trial

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        until = time.monotonic() + timeout
        next_end = self._ends[0][0] if self._ends else until
        if not self._happened and (seconds := min(next_end, until) - time.monotonic()) > 0:
            time.sleep(seconds)
        happened, self._happened = self._happened, []
        while self._ends and self._ends[0][0] <= time.monotonic():
            end, worker = heapq.heappop(self._ends)
            trial, self._trials[worker] = self._trials[worker], None
            assert trial is not None
            assert trial.began is not None
            self.busy.append((trial.began, end))
            value = self._value_of(trial.number)
            happened.append(TrialResult(trial.number, TrialState.COMPLETE, end - trial.began, value))
        return happened

    def answer(self, number: int, decision: Decision) -> None:  # noqa: ARG002
        raise AssertionError("simulated trials send no reports")

    def activity(self) -> Sequence[Activity]:
        return [
            Activity(worker, "cpu", () if trial is None else (trial.number,))
            for worker, trial in enumerate(self._trials)
        ]

    def close(self) -> None:
        pass

    def busy_share(self, end: float) -> float:
        """Share of the workers' time in which they had a trial, from the begin of the first trial to `end`."""
        if self.began is None:
            return 0.0
        running = [(self._trials[worker], until) for until, worker in self._ends]
        spans = [*self.busy, *((trial.began or end, until) for trial, until in running if trial is not None)]
        taken = sum(max(min(until, end) - began, 0.0) for began, until in spans)
        return taken / (len(self._trials) * (end - self.began))

    def _begin(self, worker: int, trial: RunningTrial) -> None:
        trial.begin(worker)
        assert trial.began is not None
        self.began = trial.began if self.began is None else self.began
        self._trials[worker] = trial
        heapq.heappush(self._ends, (trial.began + self._seconds_of(trial.number), worker))
        self._happened.append(TrialStarted(trial.number, worker))

    def _capacities(self) -> list[WorkerCapacity]:
        return [WorkerCapacity(() if trial is None else (trial.request,), width=1) for trial in self._trials]
