"""Lanes for the tests, named `lane_objectives:<name>`: they count steps instead of training.

A trial reports each of its `steps` steps and ends with its number as value. Other params name the step at which
something happens: `fails_at`, `nan_at`, `raises_at`, `exits_at`, `lacks_memory_at`, `hangs_at`, `dies_at`.
`returned_at` halves the lanes and returns the trial. `grows_at` allocates 100 MB and keeps them. An update takes
`seconds` (0).
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from fxai.protocol import (
    Cause,
    Decision,
    JsonObject,
    LanePlan,
    Report,
    Slot,
    TrialError,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)

allocated: list[bytearray] = []


@dataclass
class Counter:
    """A trial. While its report waits for a decision, it makes one more step and holds the next message."""

    request: TrialRequest
    step: int = 0
    waits: bool = False
    held: Report | TrialResult | None = None
    decision: Decision = Decision.CONTINUE

    @property
    def busy(self) -> bool:
        return not self.waits or self.held is None

    def advance(self) -> Report | TrialResult | None:
        if self.decision is not Decision.CONTINUE:
            return self._result(TrialState.PRUNED if self.decision is Decision.PRUNE else TrialState.RETURNED)
        self.held = self.held or self._train()
        if self.waits:
            return None
        message, self.held = self.held, None
        self.waits = isinstance(message, Report)
        return message

    def is_at(self, name: str) -> bool:
        return self.request.params.get(name) == self.step

    def _train(self) -> Report | TrialResult:
        time.sleep(float(self.request.params.get("seconds") or 0.0))
        self.step += 1
        self._misbehave()
        if self.is_at("fails_at"):
            error = TrialError(Cause.EXCEPTION, "its lane burst", "Traceback: its lane burst\n")
            return self._result(TrialState.FAIL, error)
        if self.is_at("returned_at"):
            return self._result(TrialState.RETURNED)
        if self.step > int(self.request.params.get("steps") or 3):
            return self._result(TrialState.COMPLETE)
        TrialPaths(self.request.directory).checkpoint.write_text(str(self.step))
        value = float("nan") if self.is_at("nan_at") else float(self.step)
        return Report(self.request.number, self.step, value, {"pid": float(os.getpid())})

    def _result(self, state: TrialState, error: TrialError | None = None) -> TrialResult:
        value = float(self.request.number) if state is TrialState.COMPLETE else None
        value = float("nan") if value is not None and self.is_at("nan_at") else value
        return TrialResult(self.request.number, state, 0.1, value, {"pid": float(os.getpid())}, error)

    def _misbehave(self) -> None:
        if self.is_at("raises_at"):
            raise RuntimeError("the pack burst")
        if self.is_at("exits_at"):
            sys.exit("the pack has had enough")
        if self.is_at("lacks_memory_at"):
            raise MemoryError
        if self.is_at("dies_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.is_at("hangs_at"):
            time.sleep(1000)
        if self.is_at("grows_at"):
            allocated.append(bytearray(os.urandom(1) * 100_000_000))


@dataclass
class CounterLanes:
    width: int
    counters: dict[int, Counter] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        return any(counter.busy for counter in self.counters.values())

    def admit(self, request: TrialRequest) -> None:
        if request.params.get("refused"):
            raise ValueError("no such configuration")
        requests = [counter.request for counter in self.counters.values()]
        assert len({each.cohort for each in (*requests, request)}) == 1, "cohorts share a worker"
        used = sum(len(each.seeds) for each in requests)
        assert not used or used + len(request.seeds) <= self.width, "more trials than lanes"
        request.directory.mkdir(parents=True, exist_ok=True)
        self.counters[request.number] = Counter(request)
        print(f"admitted {request.number}")  # noqa: T201

    def decide(self, number: int, decision: Decision) -> None:
        if number in self.counters:
            self.counters[number].decision = decision
            self.counters[number].waits = False

    def advance(self) -> Sequence[Report | TrialResult]:
        busy = [counter for counter in self.counters.values() if counter.busy]
        messages = [message for counter in busy if (message := counter.advance()) is not None]
        for message in messages:
            if isinstance(message, TrialResult):
                counter = self.counters.pop(message.number)
                self.width = max(1, self.width // 2) if counter.is_at("returned_at") else self.width
        return messages


class counters:  # noqa: N801  # the name of an objective
    """Lanes of the planned number, or four lanes."""

    @staticmethod
    def signature(config: JsonObject) -> str:
        return str(config.get("shape", ""))

    @staticmethod
    def open_lanes(plan: LanePlan, slot: Slot) -> CounterLanes:  # noqa: ARG004
        return CounterLanes(plan.lanes or 4)
