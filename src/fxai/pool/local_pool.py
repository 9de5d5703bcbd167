"""A pool of worker processes on this machine, each with its share of the cores and GPUs."""

import atexit
import selectors
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from fxai.errors import FxaiError
from fxai.pool.contract import Activity, WorkerEvent
from fxai.pool.dispatcher import TrialDispatcher, WorkerCapacity
from fxai.pool.early_workers import EarlyWorkers
from fxai.pool.limits import Limits
from fxai.pool.running_trials import RunningTrial
from fxai.pool.worker_slot import WorkerSlot
from fxai.protocol import Decision, LanePlan, Slot, TrialRequest

NO_LIMITS = Limits()


class LocalPool:
    """A `WorkerPool` with one process per slot. A process that ends is replaced at once.

    With a plan, each process opens the lanes of the plan's objective as it starts, and trains as many trials at once
    as the lanes hold. Without a plan, it trains one trial at a time, of the objective that the trial names. Until the
    first process has sent the number of its lanes, each process counts for one trial.

    With `early`, the pool takes the workers that have started for its slots, and ends the others of `early`.

    A worker that can hold only one trial writes the trial's output into the trial's log. All other output goes to
    `log_directory/worker-N.log`.

    Raises:
        InputError: out of `events`, if the user's code that the plan names as objective cannot be imported.
        FxaiError: out of `events`, if the processes of a slot end four times in a row before they are ready.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        log_directory: Path,
        plan: LanePlan | None = None,
        *,
        limits: Limits = NO_LIMITS,
        early: EarlyWorkers | None = None,
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._plan = plan
        self._dispatcher = TrialDispatcher(1 if plan is None else plan.seeds_per_trial)
        self._workers = [
            WorkerSlot(
                *(slot, limits, log_directory.absolute() / f"worker-{slot.index}.log", plan, self._selector),
                started=None if early is None else early.take(slot),
            )
            for slot in slots
        ]
        if early is not None:
            early.close()  # there are fewer slots, or other ones
        self._closed = False
        atexit.register(self.close)

    @property
    def free_slots(self) -> int:
        return 0 if self._closed else self._dispatcher.free(self._capacities())

    def submit(self, request: TrialRequest) -> RunningTrial:
        if not self.free_slots:
            raise FxaiError(f"Trial {request.number} was submitted to a pool without a free slot.")
        if self._plan is not None and request.objective != self._plan.objective:
            raise FxaiError(f"Trial {request.number} of {request.objective} does not fit the pool's plan.")
        trial = RunningTrial(request)
        self._dispatcher.add(trial)
        self._dispatch()
        return trial

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        until = time.monotonic() + timeout
        happened: list[WorkerEvent] = []
        while not self._closed:
            for worker in self._workers:
                happened.extend(worker.keep_time())
            left = 0.0 if happened else self._next_deadline(until) - time.monotonic()
            for key, _ in self._selector.select(max(left, 0.0)):
                happened.extend(key.data.events())
            self._dispatch()
            if happened or time.monotonic() >= until:
                break
        return happened

    def answer(self, number: int, decision: Decision) -> None:
        """Answer a report. The answer to a trial whose worker has been lost is dropped."""
        for worker in self._workers:
            worker.answer(number, decision)

    def activity(self) -> Sequence[Activity]:
        return [worker.activity() for worker in self._workers]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            worker.wait()
        self._selector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _dispatch(self) -> None:
        """Give the waiting trials to workers, as far as there is room."""
        for worker in self._workers:
            self._dispatcher.put_back(worker.take_surplus())
        while self._dispatcher.has_waiting and (taken := self._dispatcher.take(self._capacities())) is not None:
            index, trial = taken
            self._workers[index].submit(trial)

    def _capacities(self) -> list[WorkerCapacity]:
        return [worker.capacity for worker in self._workers]

    def _next_deadline(self, until: float) -> float:
        deadlines = [deadline for worker in self._workers if (deadline := worker.deadline()) is not None]
        return min([until, *deadlines])
