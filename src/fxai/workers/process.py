"""The local pool: own interpreters, started once, each with its share of the machine."""

import atexit
import selectors
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from fxai.errors import FxaiError
from fxai.trial import Decision, Slot, TrialRequest
from fxai.workers.contract import Activity, WorkerEvent
from fxai.workers.limits import Limits
from fxai.workers.worker import Worker

NO_LIMITS = Limits()


class ProcessWorkers:
    """One warm process per slot, behind the contract of `Workers`.

    A process that ends is replaced at once; a slot whose processes end four times in a row before they
    are ready raises an `FxaiError` with the end of the worker's log out of `events`. Workers write to
    `log_directory/worker-N.log` whenever they have no trial. Objectives in `preload` are imported while
    the workers start.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        log_directory: Path,
        *,
        limits: Limits = NO_LIMITS,
        preload: Sequence[str] = (),
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._workers = [
            Worker(slot, limits, log_directory.absolute() / f"worker-{slot.index}.log", tuple(preload), self._selector)
            for slot in slots
        ]
        self._closed = False
        atexit.register(self.close)

    @property
    def free_slots(self) -> int:
        return 0 if self._closed else sum(worker.trial is None for worker in self._workers)

    def submit(self, request: TrialRequest) -> None:
        if not self.free_slots:
            raise FxaiError(f"Trial {request.number} was submitted to a pool without a free slot.")
        next(worker for worker in self._workers if worker.trial is None).submit(request)

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        until = time.monotonic() + timeout
        happened: list[WorkerEvent] = []
        while not self._closed:
            for worker in self._workers:
                happened.extend(worker.keep_time())
            left = 0.0 if happened else self._next_deadline(until) - time.monotonic()
            for key, _ in self._selector.select(max(left, 0.0)):
                happened.extend(key.data.news())
            if happened or time.monotonic() >= until:
                break
        return happened

    def answer(self, number: int, decision: Decision) -> None:
        """Answer a report; the answer to a trial whose worker is lost meanwhile is dropped."""
        for worker in self._workers:
            if worker.trial == number:
                worker.answer(decision)

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

    def _next_deadline(self, until: float) -> float:
        deadlines = [deadline for worker in self._workers if (deadline := worker.deadline()) is not None]
        return min([until, *deadlines])
