"""Contract of all worker pools."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drive_workers import events_until, request_for, result_of, results_of
from fxai.errors import FxaiError
from fxai.pool import InlinePool, LocalPool, TrialStarted, WorkerPool
from fxai.protocol import Cause, Decision, Report, Slot, TrialPaths, TrialResult, TrialState
from host_processes import OWN_FOLDER, tcp_workers
from ray_cluster import ray_pool

SLOTS = (Slot(0), Slot(1))
KINDS = ["inline", "process", "tcp", "tcp, own folders"]


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[WorkerPool]:
    """A pool with two workers."""
    match kind:
        case "inline":
            with InlinePool(SLOTS) as inline:
                yield inline
        case "process":
            with LocalPool(SLOTS, folder) as processes:
                yield processes
        case _:
            environment = OWN_FOLDER if kind == "tcp, own folders" else {}
            with tcp_workers(folder, 2, environment=environment) as (remote, _):
                yield remote


@pytest.fixture(scope="module", params=[*KINDS, "ray"])
def workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    if request.param == "ray":
        with ray_pool(request.getfixturevalue("ray_hosts"), tmp_path_factory.mktemp("logs")) as remote:
            yield remote
        return
    with opened(request.param, tmp_path_factory.mktemp("pool")) as pool:
        yield pool


def test_a_trial_starts_reports_and_completes(workers: WorkerPool, tmp_path: Path):
    request = request_for("counts", 4, tmp_path, steps=3, value=0.25)
    workers.submit(request)
    events = events_until(workers, lambda event: isinstance(event, TrialResult))
    kinds = [type(event) for event in events]
    assert kinds == [TrialStarted, Report, Report, Report, TrialResult]
    assert [event.step for event in events[1:4]] == [1, 2, 3]
    result = events[-1]
    assert (result.number, result.state, result.value) == (4, TrialState.COMPLETE, 0.25)
    assert result.error is None
    assert result.seconds > 0


def test_a_trial_that_reported_waits_for_its_answer(workers: WorkerPool, tmp_path: Path):
    trial = workers.submit(request_for("counts", 1, tmp_path))
    events_until(workers, lambda event: isinstance(event, Report))
    assert (trial.waits, trial.step) == (True, 1)
    assert trial.worker in {slot.index for slot in SLOTS}
    assert len(workers.events(0.2)) == 0
    workers.answer(1, Decision.PRUNE)
    assert (trial.waits, trial.decision) == (False, Decision.PRUNE)
    events_until(workers, lambda event: isinstance(event, TrialResult))


@pytest.mark.parametrize(
    ("decision", "state", "checkpoint_stays"),
    [(Decision.PRUNE, TrialState.PRUNED, False), (Decision.STOP, TrialState.RETURNED, True)],
)
def test_an_answer_can_end_a_trial(
    workers: WorkerPool, tmp_path: Path, decision: Decision, state: TrialState, *, checkpoint_stays: bool
):
    request = request_for("counts", 2, tmp_path)
    result = result_of(workers, request, lambda _: decision)
    assert (result.state, result.value, result.error) == (state, None, None)
    assert TrialPaths(request.directory).checkpoint.exists() is checkpoint_stays


def test_a_completed_trial_has_no_checkpoint(workers: WorkerPool, tmp_path: Path):
    request = request_for("counts", 2, tmp_path)
    result_of(workers, request)
    assert not TrialPaths(request.directory).checkpoint.exists()


@pytest.mark.parametrize(
    ("objective", "cause", "words"),
    [
        ("raises", Cause.EXCEPTION, "ValueError: the data are gone"),
        ("exits", Cause.EXCEPTION, "SystemExit: I had enough"),
        ("runs_out_of_memory", Cause.OUT_OF_MEMORY, "MemoryError"),
        ("returns_infinity", Cause.NOT_FINITE, "inf at the end"),
        ("reports_another", Cause.EXCEPTION, "a report of trial 4"),
        ("returns_nothing", Cause.EXCEPTION, "None instead of an Outcome"),
        ("that_is_not_there", Cause.EXCEPTION, "no function or lanes named 'that_is_not_there'"),
        ("no_such_module:run", Cause.EXCEPTION, "No module named 'no_such_module'"),
    ],
)
def test_a_failure_is_a_result_with_its_cause_and_log(
    workers: WorkerPool, tmp_path: Path, objective: str, cause: Cause, words: str
):
    request = request_for(objective, 3, tmp_path)
    result = result_of(workers, request)
    assert (result.state, result.value, result.error.cause) == (TrialState.FAIL, None, cause)
    log = TrialPaths(request.directory).log
    assert words in result.error.message
    assert str(log) in result.error.message
    assert "\n" not in result.error.message
    assert words.rpartition(":")[2].strip() in log.read_text()
    assert result_of(workers, request_for("counts", 4, tmp_path)).state is TrialState.COMPLETE


def test_reports_that_cannot_be_stored_are_ignored_and_the_first_has_a_message(workers: WorkerPool, tmp_path: Path):
    request = request_for("reports_odd_numbers", 3, tmp_path)
    workers.submit(request)
    events = events_until(workers, lambda event: isinstance(event, TrialResult))
    reports = [event for event in events if isinstance(event, Report)]
    assert [(each.step, each.value) for each in reports if not each.passed_over] == [(5, 1.0), (10, 2.0), (11, 1e308)]
    assert [each.flaw for each in reports if each.flaw] == ["value is nan at step 1"]
    assert "value is nan at step 1" in TrialPaths(request.directory).log.read_text()
    assert reports[-1].metrics == {"kept": 1.0, "lost": -math.inf}
    result = events[-1]
    assert (result.state, result.value, result.metrics) == (TrialState.COMPLETE, 3.0, {"kept": 1.0})


def test_a_step_beyond_the_limit_of_the_database_is_ignored(workers: WorkerPool, tmp_path: Path):
    request = replace(request_for("reports_odd_numbers", 3, tmp_path), most_step=7)
    workers.submit(request)
    events = events_until(workers, lambda event: isinstance(event, TrialResult))
    reports = [event for event in events if isinstance(event, Report)]
    assert [(each.step, each.value) for each in reports if not each.passed_over] == [(5, 1.0)]
    assert events[-1].state is TrialState.COMPLETE


def test_numpy_numbers_become_python_numbers(workers: WorkerPool, tmp_path: Path):
    result = result_of(workers, request_for("reports_numpy_numbers", 3, tmp_path))
    assert (result.state, result.value, result.metrics) == (TrialState.COMPLETE, 1.0, {"one": 1.0})
    assert type(result.value) is float


def test_a_pruned_trial_keeps_the_metrics_of_its_last_report(workers: WorkerPool, tmp_path: Path):
    result = result_of(workers, request_for("counts", 3, tmp_path), lambda _: Decision.PRUNE)
    assert result.state is TrialState.PRUNED
    assert set(result.metrics) == {"pid"}


def test_a_failure_at_closing_changes_no_decision(workers: WorkerPool, tmp_path: Path):
    request = request_for("fails_at_closing", 3, tmp_path)
    assert result_of(workers, request, lambda _: Decision.PRUNE).state is TrialState.PRUNED
    assert "the disk is full" in TrialPaths(request.directory).log.read_text()


def test_printed_output_of_a_trial_is_in_its_own_log(workers: WorkerPool, tmp_path: Path):
    for number in (5, 6):
        request = request_for("prints", number, tmp_path)
        result_of(workers, request)
        log = TrialPaths(request.directory).log.read_text()
        assert log == f"hello from trial {number}\nand from its stderr\n"


def test_slots_fill_and_show_their_activity(workers: WorkerPool, tmp_path: Path):
    assert workers.free_slots == 2
    workers.submit(request_for("counts", 7, tmp_path))
    workers.submit(request_for("counts", 8, tmp_path))
    assert workers.free_slots == 0
    with pytest.raises(FxaiError, match="without a free slot"):
        workers.submit(request_for("counts", 9, tmp_path))
    events_until(workers, lambda event: isinstance(event, Report) and event.step == 2)
    activity = workers.activity()
    assert [doing.worker for doing in activity] == [0, 1]
    assert sorted(number for doing in activity for number in doing.trials) == [7, 8]
    assert 2 in {doing.step for doing in activity}
    for number in (7, 8):
        workers.answer(number, Decision.STOP)
    results_of(workers, 2, lambda _: Decision.STOP)
    assert workers.free_slots == 2
    assert all(doing.trials == () and doing.step is None for doing in workers.activity())


def test_an_answer_to_an_unknown_trial_is_ignored(workers: WorkerPool, tmp_path: Path):
    workers.answer(99, Decision.CONTINUE)
    assert result_of(workers, request_for("counts", 1, tmp_path)).state is TrialState.COMPLETE


def test_without_a_running_trial_there_are_no_events(workers: WorkerPool):
    assert len(workers.events(0.05)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_pool_can_be_closed_twice_and_then_takes_no_trial(kind: str, tmp_path: Path):
    with opened(kind, tmp_path) as pool:
        pool.submit(request_for("counts", 1, tmp_path))
        pool.close()
        pool.close()
        assert pool.free_slots == 0
        assert len(pool.events(0.0)) == 0
