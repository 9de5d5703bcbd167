"""The loop of trainings outside a search, in the parent process. No pruner and no sampler is used. It yields events.

A training is a chain of requests: the segments of a population's schedule, or one request. Each continues from where
the one before it was stopped. A request that a worker loses or returns is run again from its last checkpoint.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from fxai.errors import FxaiError
from fxai.pool import PoolNotice, WorkerEvent, WorkerLost, WorkerPool
from fxai.protocol import Decision, Report, TrialRequest, TrialResult, TrialState
from fxai.study.events import Heartbeat, Notice
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.study.trial_results import warnings_of

TrainingEvent: TypeAlias = Report | TrialResult | Notice | Heartbeat

_EVENT_SECONDS = 0.5  # wait for the next event, before the loop reads its stop signal again
_MOST_RETRIES = 2  # without a report in between


def train_agents(
    trainings: Sequence[Sequence[TrialRequest]],
    workers: WorkerPool,
    stop: StopSignal,
    pruned_at: Mapping[int, int] = MappingProxyType({}),
) -> Iterator[TrainingEvent]:
    """Train all trainings, in parallel as far as the workers have room. A result is of a whole training.

    If `stop` asks to end, each training ends at its next report, or now. A later call with the same trainings resumes
    them.

    Args:
        trainings: Chains of requests.
        workers: The workers.
        stop: Ends the trainings early.
        pruned_at: The step of the report at which a training is pruned, by number. Other trainings end by themselves.

    Raises:
        FxaiError: the worker of a training was lost `_MOST_RETRIES` + 1 times without a report in between.
    """
    run = _TrainingRun(trainings, workers, stop, pruned_at)
    while run.is_running:
        run.fill()
        for event in workers.events(_EVENT_SECONDS):
            yield from run.handle(event)
        yield Heartbeat(workers.activity())


class _TrainingRun:
    def __init__(
        self,
        trainings: Sequence[Sequence[TrialRequest]],
        workers: WorkerPool,
        stop: StopSignal,
        pruned_at: Mapping[int, int],
    ) -> None:
        self._waiting = deque(deque(chain) for chain in trainings)
        self._running: dict[int, deque[TrialRequest]] = {}  # by number; the first is on a worker
        self._retries: dict[int, int] = {}
        self._segment_ended: set[int] = set()  # trainings whose segment's last report was answered
        self._workers, self._stop, self._pruned_at = workers, stop, pruned_at

    @property
    def is_running(self) -> bool:
        if self._stop.urgency is Urgency.NOW:
            return False
        return bool(self._running or (self._waiting and not self._stop.urgency))

    def fill(self) -> None:
        while self._waiting and self._workers.free_slots and not self._stop.urgency:
            chain = self._waiting.popleft()
            self._running[chain[0].number] = chain
            self._workers.submit(chain[0])

    def handle(self, event: WorkerEvent) -> Iterator[TrainingEvent]:
        match event:
            case Report(passed_over=True):
                yield from map(Notice, warnings_of(event))
                self._workers.answer(event.number, Decision.STOP if self._stop.urgency else Decision.CONTINUE)
            case Report():
                self._retries[event.number] = 0
                yield event
                self._workers.answer(event.number, self._answer(event))
            case TrialResult(state=TrialState.RETURNED):
                self._returned(event.number)
            case TrialResult():
                del self._running[event.number]
                yield event
            case WorkerLost(message=message, trials=numbers):
                yield Notice(f"A worker was lost: {message}")
                for number in numbers:
                    self._retry(number, message)
            case PoolNotice(message=message):
                yield Notice(message, warns=True)

    def _answer(self, report: Report) -> Decision:
        if report.step >= self._pruned_at.get(report.number, math.inf):
            return Decision.PRUNE
        ends = self._segment_ends(report.number)
        if ends is not None and report.step >= ends:
            self._segment_ended.add(report.number)
            return Decision.STOP
        return Decision.STOP if self._stop.urgency else Decision.CONTINUE

    def _segment_ends(self, number: int) -> int | None:
        """The step at which the next request of the chain continues. None for the last request."""
        chain = self._running[number]
        following = chain[1].inherited if len(chain) > 1 else None
        return None if following is None else following.step

    def _returned(self, number: int) -> None:
        """Submit the next segment of a returned training, or the segment again if its worker had too few lanes."""
        if self._stop.urgency:
            del self._running[number]
        elif number in self._segment_ended:
            self._segment_ended.discard(number)
            self._running[number].popleft()
            self._wait(number)
        else:
            self._retry(number, "its worker returned it without progress")

    def _retry(self, number: int, message: str) -> None:
        self._retries[number] = self._retries.get(number, 0) + 1
        if self._retries[number] > _MOST_RETRIES:
            raise FxaiError(f"the training failed: {message}")
        chain = self._running[number]
        chain[0] = replace(chain[0], attempt=chain[0].attempt + 1)
        self._wait(number)

    def _wait(self, number: int) -> None:
        """Let a training wait for a free slot, before the others. A pool that has lost a worker has fewer slots."""
        self._waiting.appendleft(self._running.pop(number))
