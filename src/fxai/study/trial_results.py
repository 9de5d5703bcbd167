"""Results that the loop makes for pruned and failed trials, and the order of reports."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from fxai.pool import RunningTrial
from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState, Usage


class RepeatedReturns:
    """How often workers have returned a trial since the trial's last new report."""

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
    """Reports of one batch in rounds, with at most one report of a trial in each."""
    rounds: list[list[Report]] = []
    seen: Counter[int] = Counter()
    for report in reports:
        if seen[report.number] == len(rounds):
            rounds.append([])
        rounds[seen[report.number]].append(report)
        seen[report.number] += 1
    return rounds


def warnings_of(report: Report | TrialResult) -> tuple[str, ...]:
    """The notice of a flaw in a report or a result. A worker sends only the first flaw of each trial."""
    if not report.flaw:
        return ()
    if isinstance(report, Report) and report.passed_over:
        return (f"Trial {report.number}: {report.flaw}; the report is ignored, as are further reports like it",)
    return (f"Trial {report.number}: {report.flaw}",)


def pruned(running: RunningTrial, result: TrialResult | None = None) -> TrialResult:
    """The result of a trial as of the report that pruned it; `result` is the worker's, None if the worker is lost."""
    metrics = {} if running.pruned_by is None else running.pruned_by.metrics
    seconds = time.monotonic() - running.submitted if result is None else result.seconds
    usage = replace(Usage() if result is None else result.usage, env_steps=running.env_steps)
    return TrialResult(running.number, TrialState.PRUNED, seconds, metrics=metrics, usage=usage)


def failed(number: int, cause: Cause, message: str) -> TrialResult:
    return TrialResult(number, TrialState.FAIL, seconds=0.0, error=TrialError(cause, message))
