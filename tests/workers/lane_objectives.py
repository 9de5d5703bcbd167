"""Lanes for the tests, named `lane_objectives:<name>`: they count instead of training, in plain Python.

A trial of `steps` steps reports each of them and ends with its value; what it does else is in its params:
`fails_at`, `nan_at`, `raises_at`, `exits_at`, `hangs_at`, `lacks_memory_at`, `dies_at` name a step, as do `returned_at`, which
makes the lanes fewer by half and gives the trial back, and `grows_at`, which leaves 100 MB behind.
Each update takes `seconds` (0).
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from fxai.trial import (
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

hoard: list[bytearray] = []


@dataclass
class Counter:
    """A trial; it goes on while its report waits, up to the next one."""

    request: TrialRequest
    step: int = 0
    unanswered: int = 0
    decision: Decision = Decision.CONTINUE

    @property
    def number(self) -> int:
        return self.request.number

    @property
    def waits(self) -> bool:
        return self.unanswered > 0 and self.decision is Decision.CONTINUE

    def is_at(self, name: str) -> bool:
        return self.request.params.get(name) == self.step

    def result(self, state: TrialState, error: TrialError | None = None) -> TrialResult:
        value = float(self.request.number) if state is TrialState.COMPLETE else None
        return TrialResult(self.number, state, 0.1, value, {"pid": float(os.getpid())}, error)


@dataclass
class CounterLanes:
    width: int
    counters: dict[int, Counter] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        return any(not counter.waits for counter in self.counters.values())

    def admit(self, request: TrialRequest) -> None:
        if request.params.get("refused"):
            raise ValueError("no such configuration")
        used = sum(len(counter.request.seeds) for counter in self.counters.values())
        assert not used or used + len(request.seeds) <= self.width, "more trials than lanes"
        request.directory.mkdir(parents=True, exist_ok=True)
        self.counters[request.number] = Counter(request)
        print(f"admitted {request.number}")  # noqa: T201

    def decide(self, number: int, decision: Decision) -> None:
        if number in self.counters:
            self.counters[number].decision = decision
            self.counters[number].unanswered = 0

    def advance(self) -> Sequence[Report | TrialResult]:
        going_on = [counter for counter in self.counters.values() if not counter.waits]
        time.sleep(max((float(counter.request.params.get("seconds") or 0.0) for counter in going_on), default=0.0))
        said = [word for counter in going_on if (word := self._advance(counter)) is not None]
        for word in said:
            if isinstance(word, TrialResult):
                del self.counters[word.number]
        return said

    def _advance(self, counter: Counter) -> Report | TrialResult | None:
        if counter.decision is not Decision.CONTINUE:
            pruned = counter.decision is Decision.PRUNE
            return counter.result(TrialState.PRUNED if pruned else TrialState.RETURNED)
        counter.step += 1
        self._misbehave(counter)
        if counter.is_at("fails_at"):
            error = TrialError(Cause.EXCEPTION, "its lane burst", "Traceback: its lane burst\n")
            return counter.result(TrialState.FAIL, error)
        if counter.is_at("returned_at"):
            self.width = max(1, self.width // 2)
            return counter.result(TrialState.RETURNED)
        if counter.step > int(counter.request.params.get("steps") or 3):
            return counter.result(TrialState.COMPLETE)
        TrialPaths(counter.request.directory).checkpoint.write_text(str(counter.step))
        counter.unanswered += 1
        value = float("nan") if counter.is_at("nan_at") else float(counter.step)
        metrics = {"pid": float(os.getpid()), "aboard": float(len(self.counters))}
        return Report(counter.number, counter.step, value, metrics)

    def _misbehave(self, counter: Counter) -> None:
        if counter.is_at("raises_at"):
            raise RuntimeError("the pack burst")
        if counter.is_at("exits_at"):
            sys.exit("the pack has had enough")
        if counter.is_at("lacks_memory_at"):
            raise MemoryError
        if counter.is_at("dies_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        if counter.is_at("hangs_at"):
            time.sleep(1000)
        if counter.is_at("grows_at"):
            hoard.append(bytearray(os.urandom(1) * 100_000_000))


class counters:  # noqa: N801  # named as an objective is
    """As wide as planned, else four lanes."""

    @staticmethod
    def signature(config: JsonObject) -> str:
        return str(config.get("shape", ""))

    @staticmethod
    def open_lanes(plan: LanePlan, slot: Slot) -> CounterLanes:
        return CounterLanes(plan.lanes or 4)
