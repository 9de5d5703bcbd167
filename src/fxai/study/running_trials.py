"""Trials that a worker has: what was decided on each, how it comes back, how it ends without a worker's word."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fxai.protocol import Cause, Decision, JsonObject, Report, TrialError, TrialResult, TrialState, Usage
from fxai.search.asked_trial import AskedTrial


@dataclass(slots=True)
class RunningTrial:
    """A trial that a worker has."""

    asked: AskedTrial
    decision: Decision = Decision.CONTINUE  # the last; after any other its reports come too late
    pruned_by: Report | None = None
    env_steps: int = 0  # as of its last report
    derived: JsonObject = field(default_factory=dict)  # as of its last report
    began: float = field(default_factory=time.monotonic)


class RepeatedReturns:
    """How often a trial was given back since it last came further than ever."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._furthest: dict[int, int] = {}

    def progressed(self, report: Report) -> None:
        if report.step > self._furthest.get(report.number, report.step - 1):
            self._furthest[report.number] = report.step
            self._counts.pop(report.number, None)

    def add(self, number: int) -> int:
        self._counts[number] += 1
        return self._counts[number]


def ticks(reports: Sequence[Report]) -> list[list[Report]]:
    """Reports that came in together, in rounds: no trial has two in one of them."""
    rounds: list[list[Report]] = []
    seen: Counter[int] = Counter()
    for report in reports:
        if seen[report.number] == len(rounds):
            rounds.append([])
        rounds[seen[report.number]].append(report)
        seen[report.number] += 1
    return rounds


def warnings_of(told: Report | TrialResult) -> tuple[str, ...]:
    """What is wrong with a report or a result, in words; a worker tells the first flaw of each trial alone."""
    if not told.flaw:
        return ()
    if isinstance(told, Report) and told.passed_over:
        return (f"Trial {told.number}: {told.flaw}; the report is passed over, as are further ones of the kind",)
    return (f"Trial {told.number}: {told.flaw}",)


def pruned(running: RunningTrial, result: TrialResult | None = None) -> TrialResult:
    """The result of a trial as of the report that pruned it; `result` is its worker's, if that could tell it."""
    metrics = {} if running.pruned_by is None else running.pruned_by.metrics
    seconds = time.monotonic() - running.began if result is None else result.seconds
    usage = replace(Usage() if result is None else result.usage, env_steps=running.env_steps)
    return TrialResult(running.asked.number, TrialState.PRUNED, seconds, metrics=metrics, usage=usage)


def with_steps(running: RunningTrial, result: TrialResult) -> TrialResult:
    """The result with at least the environment steps and derived values that the trial has reported.

    A lost worker tells none.
    """
    steps = max(result.usage.env_steps, running.env_steps)
    usage = replace(result.usage, env_steps=steps)
    return replace(result, usage=usage, derived=result.derived or running.derived)


def failed(number: int, cause: Cause, message: str) -> TrialResult:
    return TrialResult(number, TrialState.FAIL, seconds=0.0, error=TrialError(cause, message))
