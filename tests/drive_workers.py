"""Submits trials to workers and answers their reports, as a study does."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fxai.pool import TrialStarted, WorkerEvent, WorkerLost, WorkerPool
from fxai.protocol import Decision, ParamValue, Report, TrialRequest, TrialResult

PATIENCE = 120.0


LANES = "lane_objectives:counters"


def request_for(objective: str, number: int, folder: Path, **params: ParamValue) -> TrialRequest:
    return TrialRequest(
        study="test",
        number=number,
        attempt=0,
        objective=objective if ":" in objective or objective == "fx_trading" else f"trial_objectives:{objective}",
        params=params,
        config={},
        base_config={},
        seeds=(number,),
        metric="mean_reward",
        directory=folder / f"{number:05d}",
    )


def lane_request(
    number: int, folder: Path, *, signature: str = "a", cohort: int = 0, seeds: int = 1, **params: ParamValue
) -> TrialRequest:
    """A trial of `lane_objectives`."""
    request = request_for(LANES, number, folder, **params)
    return replace(request, signature=signature, cohort=cohort, seeds=tuple(range(seeds)))


def go_on(report: Report) -> Decision:
    return Decision.CONTINUE


def events_until(
    workers: WorkerPool, reached: Callable[[WorkerEvent], bool], decide: Callable[[Report], Decision] = go_on
) -> list[WorkerEvent]:
    """Events up to the first that `reached` accepts. All reports before it are answered."""
    until = time.monotonic() + PATIENCE
    seen: list[WorkerEvent] = []
    while time.monotonic() < until:
        for event in workers.events(1.0):
            seen.append(event)
            if reached(event):
                return seen
            if isinstance(event, Report):
                workers.answer(event.number, decide(event))
    raise TimeoutError(f"not seen within {PATIENCE} s; seen: {seen}")


def results_of(
    workers: WorkerPool, count: int, decide: Callable[[Report], Decision] = go_on
) -> tuple[dict[int, TrialResult], list[WorkerEvent]]:
    """Answer reports until `count` trials have ended. Returns results by number, and all events."""
    until = time.monotonic() + PATIENCE
    results: dict[int, TrialResult] = {}
    seen: list[WorkerEvent] = []
    while len(results) < count:
        if time.monotonic() > until:
            raise TimeoutError(f"{count} trials did not end within {PATIENCE} s; seen: {seen}")
        for event in workers.events(1.0):
            seen.append(event)
            if isinstance(event, TrialResult):
                results[event.number] = event
            elif isinstance(event, Report):
                workers.answer(event.number, decide(event))
    return results, seen


def fill(workers: WorkerPool, requests: list[TrialRequest]) -> None:
    """Submit trials while slots are free, and return when all have started. Reports stay unanswered."""
    running: set[int] = set()
    waiting = list(requests)
    while waiting or running != {request.number for request in requests}:
        while waiting and workers.free_slots:
            workers.submit(waiting.pop(0))
        running |= {event.number for event in workers.events(1.0) if isinstance(event, TrialStarted)}


def result_of(workers: WorkerPool, request: TrialRequest, decide: Callable[[Report], Decision] = go_on) -> TrialResult:
    """Run one trial to its end."""
    workers.submit(request)
    event = events_until(workers, lambda event: isinstance(event, TrialResult), decide)[-1]
    assert isinstance(event, TrialResult)
    return event


def loss_of(workers: WorkerPool, request: TrialRequest) -> WorkerLost:
    workers.submit(request)
    event = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
    assert isinstance(event, WorkerLost)
    return event
