"""A pool that trains trials in this process, for tests and for debugging an objective."""

import contextlib
import io
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from fxai.bounded_log import BoundedLog
from fxai.errors import FxaiError
from fxai.pool.contract import Activity, TrialStarted, WorkerEvent, WorkerLost
from fxai.pool.dispatcher import TrialDispatcher, WorkerCapacity
from fxai.pool.running_trials import RunningTrial
from fxai.process_tree import ProcessTrees
from fxai.protocol import Cause, Decision, LanePlan, Slot, TrialError, TrialRequest
from fxai.protocol.worker_messages import WorkerMessage
from fxai.worker.unplanned_lanes import open_lanes
from fxai.worker.worker_trials import WorkerTrials

T = TypeVar("T")
ONE_SLOT = (Slot(0),)


class InlinePool:
    """Trains inside `events`: one update of one worker's lanes, then one update of the next worker's.

    A trial that hangs or exits stops the whole process, and limits do not apply; `LocalPool` handles both. Output of
    a trial that shares its worker with others is not redirected.
    """

    def __init__(self, slots: Sequence[Slot] = ONE_SLOT, plan: LanePlan | None = None) -> None:
        process_trees = ProcessTrees()  # one for all workers, which share this process
        self._workers = [_InlineWorker(slot, plan, process_trees) for slot in slots]
        self._turns = list(self._workers)
        self._dispatcher = TrialDispatcher(1 if plan is None else plan.seeds_per_trial)
        self._happened: list[WorkerEvent] = []
        self._closed = False

    @property
    def free_slots(self) -> int:
        return 0 if self._closed else self._dispatcher.free([worker.capacity for worker in self._workers])

    def submit(self, request: TrialRequest) -> RunningTrial:
        if not self.free_slots:
            raise FxaiError(f"Trial {request.number} was submitted to a pool without a free slot.")
        trial = RunningTrial(request)
        self._dispatcher.add(trial)
        self._dispatch()
        return trial

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        until = time.monotonic() + timeout
        while not self._happened:
            worker = next((worker for worker in self._turns if worker.busy), None)
            if worker is None:
                break
            self._turns.remove(worker)
            self._turns.append(worker)
            self._happened.extend(worker.advance())
            self._dispatch()
            if time.monotonic() >= until:
                break
        happened, self._happened = self._happened, []
        return happened

    def answer(self, number: int, decision: Decision) -> None:
        for worker in self._workers:
            worker.answer(number, decision)

    def activity(self) -> Sequence[Activity]:
        return [worker.activity() for worker in self._workers]

    def close(self) -> None:
        """Have every trial save a checkpoint and end."""
        if self._closed:
            return
        self._closed = True
        for worker in self._workers:
            worker.stop()
        self._happened.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _dispatch(self) -> None:
        while (
            self._dispatcher.has_waiting
            and (taken := self._dispatcher.take([worker.capacity for worker in self._workers])) is not None
        ):
            index, trial = taken
            self._happened.append(self._workers[index].submit(trial))


class _InlineWorker:
    """A slot and the lanes in it."""

    def __init__(self, slot: Slot, plan: LanePlan | None, process_trees: ProcessTrees) -> None:
        self.slot = slot
        self._plan = plan
        self._process_trees = process_trees
        self._output = _Output()
        self._running: dict[int, RunningTrial] = {}
        self._trials = self._opened()

    @property
    def capacity(self) -> WorkerCapacity:
        return WorkerCapacity(tuple(trial.request for trial in self._running.values()), self._trials.width)

    @property
    def busy(self) -> bool:
        return self._trials.busy

    def submit(self, trial: RunningTrial) -> TrialStarted:
        self._running[trial.number] = trial
        trial.begin(self.slot.index)
        self._printing(lambda: self._trials.admit(trial.request))
        return TrialStarted(trial.number, self.slot.index)

    def advance(self) -> Sequence[WorkerEvent]:
        return self._events(self._printing(self._trials.advance))

    def answer(self, number: int, decision: Decision) -> None:
        if (trial := self._running.get(number)) is not None:
            trial.answered(decision)
            self._printing(lambda: self._trials.decide(number, decision))

    def activity(self) -> Activity:
        step = max((trial.step for trial in self._running.values() if trial.step is not None), default=None)
        return Activity(self.slot.index, self.slot.device, tuple(self._running), step)

    def stop(self) -> None:
        for number in self._trials.numbers:
            self.answer(number, Decision.STOP)
        while self._trials.numbers and self._trials.busy:
            self.advance()

    def _opened(self) -> WorkerTrials:
        return WorkerTrials(open_lanes(self._plan, self.slot, self._process_trees), self._output.write_to)

    def _events(self, message: WorkerMessage) -> Sequence[WorkerEvent]:
        for report in message.reports:
            self._running[report.number].reported(report)
        for result in message.results:
            self._running.pop(result.number, None)
        events: list[WorkerEvent] = [*message.reports, *message.results]
        if message.failure is not None:
            events.append(self._lost(message.failure))
        if self._trials.broken:
            self._running, self._trials = {}, self._opened()
        return events

    def _lost(self, error: TrialError) -> WorkerLost:
        sys.stderr.write(error.traceback)
        cause = Cause.OUT_OF_MEMORY if error.cause is Cause.OUT_OF_MEMORY else Cause.WORKER_LOST
        numbers = tuple(self._running)
        return WorkerLost(self.slot.index, cause, f"the lanes ended with {error.message}", numbers)

    def _printing(self, act: Callable[[], T]) -> T:
        """Call `act` with standard output and standard error redirected to the log of the worker's trial."""
        self._output.here = sys.stdout
        with contextlib.redirect_stdout(self._output), contextlib.redirect_stderr(self._output):
            return act()


class _Output(io.TextIOBase):
    """A text stream into the current log, or to this process's standard output without one."""

    def __init__(self) -> None:
        self.here = sys.stdout
        self._log: Path | None = None

    def write_to(self, log: Path | None) -> None:
        self._log = log

    def write(self, text: str) -> int:
        if self._log is None:
            return self.here.write(text)
        with contextlib.closing(BoundedLog(self._log)) as log:
            log.write(text.encode(errors="backslashreplace"))
        return len(text)
