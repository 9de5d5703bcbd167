"""Contract of all worker pools whose workers hold several trials."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drive_workers import LANES, events_until, fill, lane_request, results_of
from fxai.pool import InlinePool, LocalPool, WorkerLost, WorkerPool
from fxai.protocol import Cause, Decision, LanePlan, Report, Slot, TrialPaths, TrialRequest, TrialResult, TrialState
from host_processes import OWN_FOLDER, tcp_workers
from ray_cluster import ray_pool

Open = Callable[..., WorkerPool]


@pytest.fixture(params=["inline", "process", "ray", "tcp", "tcp, own folders"])
def open_workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens a pool with this number of slots, and of lanes for each slot."""
    with ExitStack() as stack:

        def opened(slots: int, lanes: int, seeds: int = 1) -> WorkerPool:
            plan, each = LanePlan(LANES, {}, seeds, lanes), [Slot(index) for index in range(slots)]
            match request.param:
                case "inline":
                    return stack.enter_context(InlinePool(each, plan))
                case "process":
                    return stack.enter_context(LocalPool(each, tmp_path, plan))
                case "ray":
                    hosts = request.getfixturevalue("ray_hosts")
                    return stack.enter_context(ray_pool(hosts, tmp_path, plan, workers=slots))
                case _:
                    environment = OWN_FOLDER if request.param == "tcp, own folders" else {}
                    return stack.enter_context(tcp_workers(tmp_path, slots, plan, environment=environment))[0]

        yield opened


def continue_all(workers: WorkerPool, requests: list[TrialRequest]) -> None:
    """Answer the reports that `fill` left unanswered."""
    for request in requests:
        workers.answer(request.number, Decision.CONTINUE)


def filled(workers: WorkerPool, requests: list[TrialRequest]) -> WorkerPool:
    fill(workers, requests)
    continue_all(workers, requests)
    return workers


def test_a_worker_trains_as_many_trials_as_it_has_lanes(open_workers: Open, tmp_path: Path):
    requests = [lane_request(number, tmp_path) for number in range(4)]
    workers = open_workers(1, lanes=4)
    fill(workers, requests)
    assert workers.free_slots == 0
    assert workers.activity()[0].trials == (0, 1, 2, 3)
    continue_all(workers, requests)
    results, _ = results_of(workers, 4)
    assert {result.state for result in results.values()} == {TrialState.COMPLETE}
    assert {number: result.value for number, result in results.items()} == {0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0}
    assert len({result.metrics["pid"] for result in results.values()}) == 1
    assert workers.free_slots == 4
    assert not list(tmp_path.glob("*/checkpoint.safetensors"))


def test_a_trial_takes_a_lane_for_each_of_its_seeds(open_workers: Open, tmp_path: Path):
    requests = [lane_request(number, tmp_path, seeds=2) for number in range(2)]
    workers = open_workers(1, lanes=5, seeds=2)
    fill(workers, requests)
    assert workers.free_slots == 0
    continue_all(workers, requests)
    results_of(workers, 2)
    assert workers.free_slots == 2


def test_a_trial_with_more_seeds_than_lanes_is_trained_too(open_workers: Open, tmp_path: Path):
    workers = open_workers(1, lanes=2, seeds=3)
    assert workers.free_slots == 1
    workers.submit(lane_request(1, tmp_path, seeds=3))
    results, _ = results_of(workers, 1)
    assert results[1].state is TrialState.COMPLETE
    assert workers.free_slots == 1


def test_trials_spread_evenly_over_the_workers(open_workers: Open, tmp_path: Path):
    requests = [lane_request(number, tmp_path, seconds=0.02) for number in range(6)]
    workers = open_workers(2, lanes=4)
    fill(workers, requests)
    assert [len(doing.trials) for doing in workers.activity()] == [3, 3]
    assert workers.free_slots == 2


def test_reports_of_one_update_come_in_one_batch(open_workers: Open, tmp_path: Path):
    requests = [lane_request(number, tmp_path, steps=6, seconds=0.02) for number in range(3)]
    workers = open_workers(1, lanes=3)
    fill(workers, requests)
    continue_all(workers, requests)
    sizes, ended = [], 0
    while ended < 3:
        batch = workers.events(1.0)
        reports = [event for event in batch if isinstance(event, Report)]
        for report in reports:
            workers.answer(report.number, Decision.CONTINUE)
        sizes.append(len(reports))
        ended += sum(isinstance(event, TrialResult) for event in batch)
    assert max(sizes) == 3


def test_the_step_that_is_shown_is_the_largest(open_workers: Open, tmp_path: Path):
    requests = [lane_request(number, tmp_path) for number in range(2)]
    workers = open_workers(1, lanes=2)
    fill(workers, requests)
    workers.answer(1, Decision.CONTINUE)
    steps = {0: 1, 1: 1}
    while steps[1] < 3:  # trial 0 waits at its first report, or has not reported
        reports = [event for event in workers.events(1.0) if isinstance(event, Report)]
        steps |= {report.number: report.step for report in reports}
        assert workers.activity()[0].step == max(steps.values())
        if any(report.number == 1 for report in reports):
            workers.answer(1, Decision.CONTINUE)


@pytest.mark.parametrize(
    ("params", "cause", "words"),
    [
        ({"fails_at": 2}, Cause.EXCEPTION, "its lane burst"),
        ({"nan_at": 4}, Cause.NOT_FINITE, "nan at the end"),
        ({"refused": True}, Cause.EXCEPTION, "no such configuration"),
    ],
)
def test_a_failing_trial_does_not_affect_the_others(
    open_workers: Open, tmp_path: Path, params: dict[str, Any], cause: Cause, words: str
):
    requests = [lane_request(number, tmp_path, **(params if number == 1 else {})) for number in range(4)]
    workers = open_workers(1, lanes=4)
    fill(workers, requests[:1])
    for request in requests[1:]:
        workers.submit(request)
    workers.answer(0, Decision.CONTINUE)
    results, events = results_of(workers, 4)
    assert [results[number].state for number in (0, 2, 3)] == [TrialState.COMPLETE] * 3
    error = results[1].error
    log = TrialPaths(requests[1].directory).log
    assert (results[1].state, error.cause) == (TrialState.FAIL, cause)
    assert words in error.message
    assert str(log) in error.message
    assert words in log.read_text()
    assert not TrialPaths(requests[1].directory).checkpoint.exists()
    assert not any(isinstance(event, WorkerLost) for event in events)


@pytest.mark.parametrize(
    ("params", "cause", "words"),
    [
        ({"raises_at": 2}, Cause.EXCEPTION, "RuntimeError: the pack burst"),
        ({"exits_at": 2}, Cause.EXCEPTION, "SystemExit: the pack has had enough"),
        ({"lacks_memory_at": 2}, Cause.OUT_OF_MEMORY, "MemoryError"),
    ],
)
def test_an_exception_of_the_lanes_fails_a_trial_that_is_alone(
    open_workers: Open, tmp_path: Path, params: dict[str, Any], cause: Cause, words: str
):
    workers = open_workers(1, lanes=4)
    workers.submit(lane_request(1, tmp_path, **params))
    results, _ = results_of(workers, 1)
    assert (results[1].state, results[1].error.cause) == (TrialState.FAIL, cause)
    assert words in results[1].error.message
    assert words in TrialPaths(tmp_path / "00001").log.read_text()
    workers.submit(lane_request(2, tmp_path))
    assert results_of(workers, 1)[0][2].state is TrialState.COMPLETE


@pytest.mark.parametrize(
    ("params", "cause", "words"),
    [
        ({"raises_at": 3}, Cause.WORKER_LOST, "RuntimeError: the pack burst"),
        ({"exits_at": 3}, Cause.WORKER_LOST, "SystemExit: the pack has had enough"),
        ({"lacks_memory_at": 3}, Cause.OUT_OF_MEMORY, "MemoryError"),
    ],
)
def test_an_exception_of_the_lanes_fails_none_of_several_trials(
    open_workers: Open, tmp_path: Path, params: dict[str, Any], cause: Cause, words: str
):
    requests = [lane_request(number, tmp_path, **(params if number == 1 else {})) for number in range(3)]
    workers = open_workers(1, lanes=4)
    events = events_until(filled(workers, requests), lambda event: isinstance(event, WorkerLost))
    loss = events[-1]
    assert (loss.worker, loss.cause, loss.trials) == (0, cause, (0, 1, 2))
    assert words in loss.message
    assert TrialPaths(requests[0].directory).checkpoint.exists(), "the next attempt continues from it"
    workers.submit(lane_request(0, tmp_path))
    assert results_of(workers, 1)[0][0].state is TrialState.COMPLETE


def test_stopped_trials_are_returned(open_workers: Open, tmp_path: Path):
    requests = [lane_request(number, tmp_path, steps=50, seconds=0.02) for number in range(3)]
    workers = open_workers(1, lanes=4)
    stop_at_two = {True: Decision.STOP, False: Decision.CONTINUE}
    results, _ = results_of(filled(workers, requests), 3, lambda report: stop_at_two[report.step >= 2])
    assert {result.state for result in results.values()} == {TrialState.RETURNED}
    assert all(TrialPaths(request.directory).checkpoint.exists() for request in requests)


def test_a_late_decision_discards_the_reports_after_it(open_workers: Open, tmp_path: Path):
    requests = [lane_request(0, tmp_path, steps=5), lane_request(1, tmp_path, steps=20, seconds=0.01)]
    workers = open_workers(1, lanes=2)
    fill(workers, requests)
    steps: list[int] = []
    while max(steps, default=0) < 20:  # trial 1 continues
        for event in workers.events(1.0):
            assert not isinstance(event, Report) or event.number == 1 or event.step == 1
            if isinstance(event, Report) and event.number == 1:
                steps.append(event.step)
        workers.answer(1, Decision.CONTINUE)
    workers.answer(0, Decision.PRUNE)
    results, events = results_of(workers, 2)
    assert (results[0].state, results[1].state) == (TrialState.PRUNED, TrialState.COMPLETE)
    assert not any(isinstance(event, Report) and event.number == 0 for event in events)


def test_fewer_lanes_return_a_trial_and_leave_fewer_slots(open_workers: Open, tmp_path: Path):
    params: dict[str, Any] = {"returned_at": 2}
    requests = [lane_request(number, tmp_path, **(params if number == 1 else {})) for number in range(4)]
    workers = open_workers(1, lanes=4)
    results, _ = results_of(filled(workers, requests), 4)
    states = [results[number].state for number in range(4)]
    assert states == [TrialState.COMPLETE, TrialState.RETURNED, TrialState.COMPLETE, TrialState.COMPLETE]
    assert workers.free_slots == 2


def test_trials_of_different_cohorts_never_share_a_worker(open_workers: Open, tmp_path: Path):
    """The lanes refuse mixed cohorts. A trial of another cohort waits for its turn, but not until the end."""
    waiting = [lane_request(number, tmp_path, cohort=number == 2, steps=2) for number in range(12)]
    workers = open_workers(1, lanes=3)
    order: list[int] = []
    while len(order) < 12:
        while waiting and workers.free_slots:
            workers.submit(waiting.pop(0))
        for event in workers.events(1.0):
            if isinstance(event, TrialResult):
                assert event.state is TrialState.COMPLETE, event.error
                order.append(event.number)
            elif isinstance(event, Report):
                workers.answer(event.number, Decision.CONTINUE)
    assert order.index(2) < 6
