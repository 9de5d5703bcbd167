"""Guarantees of the process pool for workers that hold several trials."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from drive_workers import LANES, PATIENCE, events_until, lane_request, results_of
from fxai.errors import FxaiError
from fxai.pool import Limits, LocalPool, TrialStarted, WorkerLost
from fxai.protocol import Cause, Decision, LanePlan, Report, Slot, TrialPaths, TrialResult, TrialState

NO_LIMITS = Limits()


def pool(folder: Path, lanes: int, limits: Limits = NO_LIMITS, slots: int = 1) -> LocalPool:
    return LocalPool([Slot(index) for index in range(slots)], folder, LanePlan(LANES, {}, lanes=lanes), limits=limits)


def start(workers: LocalPool, number: int, folder: Path, **params: Any) -> float:
    """Submit a trial. Returns its process id after its first report, which stays unanswered."""
    workers.submit(lane_request(number, folder, **params))
    event = events_until(workers, lambda event: isinstance(event, Report) and event.number == number)[-1]
    return event.metrics["pid"]


def loss_of(workers: LocalPool) -> WorkerLost:
    event = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
    assert isinstance(event, WorkerLost)
    return event


def test_the_first_trials_spread_over_workers_that_are_still_starting(tmp_path: Path):
    with pool(tmp_path, lanes=4, slots=2) as workers:
        assert workers.free_slots == 2
        for number in range(2):
            workers.submit(lane_request(number, tmp_path))
        with pytest.raises(FxaiError, match="without a free slot"):
            workers.submit(lane_request(2, tmp_path))
        _, events = results_of(workers, 2)
        assert {event.worker for event in events if isinstance(event, TrialStarted)} == {0, 1}


def test_a_trial_of_another_objective_than_planned_is_refused(tmp_path: Path):
    plan = LanePlan("trial_objectives:counts", {})
    with LocalPool([Slot(0)], tmp_path, plan) as workers, pytest.raises(FxaiError, match="does not fit"):
        workers.submit(lane_request(0, tmp_path))


def test_the_loss_of_a_killed_worker_names_all_its_trials(tmp_path: Path):
    with pool(tmp_path, lanes=4) as workers:
        pid = start(workers, 0, tmp_path)
        start(workers, 1, tmp_path, dies_at=3)
        start(workers, 2, tmp_path)
        workers.answer(1, Decision.CONTINUE)
        loss = loss_of(workers)
        assert (loss.worker, loss.cause, loss.trials) == (0, Cause.WORKER_LOST, (0, 1, 2))
        assert "SIGKILL" in loss.message
        assert "trials 0, 1 and 2" in loss.message
        assert "worker-0.log" in loss.message
        assert start(workers, 0, tmp_path) != pid
        workers.answer(0, Decision.CONTINUE)
        assert results_of(workers, 1)[0][0].state is TrialState.COMPLETE


def test_a_worker_that_exits_with_unread_messages_has_sent_its_failure(tmp_path: Path):
    """The socket of such a worker is reset, and the parent's read raises an error."""
    with pool(tmp_path, lanes=4) as workers:
        process = psutil.Process(int(start(workers, 0, tmp_path)))
        workers.submit(lane_request(1, tmp_path, raises_at=1, seconds=0.5))
        events_until(workers, lambda event: isinstance(event, TrialStarted) and event.number == 1)
        workers.submit(lane_request(2, tmp_path))  # unread: the worker is in an update that raises
        process.wait(PATIENCE)
        loss = loss_of(workers)
    assert {0, 1} <= set(loss.trials)  # and 2, if the worker took it before its update ended
    assert "RuntimeError: the pack burst" in loss.message


def test_a_trial_past_its_time_limit_fails_and_the_other_continues(tmp_path: Path):
    with pool(tmp_path, lanes=4, limits=Limits(trial_seconds=2.5)) as workers:
        pid = start(workers, 0, tmp_path, steps=100_000, seconds=0.01)
        while workers.events(1.5):  # trial 1 starts that much later
            pass
        start(workers, 1, tmp_path)
        workers.answer(0, Decision.CONTINUE)
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
        failed = events[-1]
        assert (failed.number, failed.state, failed.error.cause) == (0, TrialState.FAIL, Cause.TIME_LIMIT)
        assert "2.5 s" in failed.error.message
        assert "2.5 s" in TrialPaths(tmp_path / "00000").log.read_text()
        assert failed.seconds >= 2.5
        workers.answer(1, Decision.CONTINUE)
        results, later = results_of(workers, 1)
        assert (results[1].state, results[1].metrics["pid"]) == (TrialState.COMPLETE, pid)
        assert start(workers, 2, tmp_path) == pid
        assert not any(isinstance(event, WorkerLost) for event in later)
        assert not TrialPaths(tmp_path / "00000").checkpoint.exists(), "the worker has dropped the trial"


def test_a_worker_that_does_not_drop_a_failed_trial_is_terminated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("fxai.pool.running_trials.END_SECONDS", 0.3)
    with pool(tmp_path, lanes=4, limits=Limits(trial_seconds=3.0)) as workers:
        start(workers, 0, tmp_path, steps=100, hangs_at=3)
        while workers.events(1.0):
            pass
        start(workers, 1, tmp_path, steps=100)
        workers.answer(0, Decision.CONTINUE)
        events = events_until(workers, lambda event: isinstance(event, WorkerLost))
        ended = [event for event in events if isinstance(event, TrialResult)]
        assert [(result.number, result.error.cause) for result in ended] == [(0, Cause.TIME_LIMIT)]
        assert events[-1].trials == (1,)
        assert events[-1].cause is Cause.NO_PROGRESS
        assert "_misbehave" in (tmp_path / "worker-0.log").read_text(), "the log has the stack of the hang"


def test_a_hung_worker_with_several_trials_is_lost_and_no_trial_fails(tmp_path: Path):
    with pool(tmp_path, lanes=4, limits=Limits(seconds_without_progress=1.0)) as workers:
        start(workers, 0, tmp_path, steps=100, hangs_at=3)
        start(workers, 1, tmp_path, steps=100)
        workers.answer(0, Decision.CONTINUE)
        loss = loss_of(workers)
        assert (loss.cause, loss.trials) == (Cause.NO_PROGRESS, (0, 1))
        assert "no report for 1 s" in loss.message


def test_a_trial_alone_in_a_hung_worker_fails(tmp_path: Path):
    with pool(tmp_path, lanes=4, limits=Limits(seconds_without_progress=1.0)) as workers:
        workers.submit(lane_request(0, tmp_path, hangs_at=2))
        results, _ = results_of(workers, 1)
        assert (results[0].state, results[0].error.cause) == (TrialState.FAIL, Cause.NO_PROGRESS)
        assert "no report for 1 s" in TrialPaths(tmp_path / "00000").log.read_text()


def test_a_trial_that_a_hung_worker_never_read_goes_to_the_next_worker(tmp_path: Path):
    """The request is larger than the buffer of the channel, and the parent does not block on it."""
    with pool(tmp_path, lanes=4, limits=Limits(seconds_without_progress=1.0)) as workers:
        pid = start(workers, 0, tmp_path, hangs_at=3)
        workers.answer(0, Decision.CONTINUE)
        workers.submit(replace(lane_request(1, tmp_path), config={"long": "x" * 3_000_000}))
        results, events = results_of(workers, 2)
        assert results[0].error.cause is Cause.NO_PROGRESS
        assert results[1].state is TrialState.COMPLETE
        assert results[1].metrics["pid"] != pid
        assert not any(isinstance(event, WorkerLost) for event in events)


def test_waiting_for_the_parent_is_no_lack_of_progress(tmp_path: Path):
    with pool(tmp_path, lanes=2, limits=Limits(seconds_without_progress=1.0)) as workers:
        for number in range(2):
            start(workers, number, tmp_path)
        assert len(workers.events(1.5)) == 0
        for number in range(2):
            workers.answer(number, Decision.CONTINUE)
        results, _ = results_of(workers, 2)
        assert {result.state for result in results.values()} == {TrialState.COMPLETE}


def test_a_worker_grown_too_large_takes_no_trial_and_is_replaced_after_its_last(tmp_path: Path):
    with pool(tmp_path, lanes=4, limits=Limits(worker_bytes=130_000_000)) as workers:
        pid = start(workers, 0, tmp_path, steps=10)
        start(workers, 1, tmp_path, grows_at=3)
        assert workers.free_slots == 2
        workers.answer(1, Decision.CONTINUE)
        ended = events_until(workers, lambda event: isinstance(event, TrialResult))[-1]
        assert ended.number == 1
        assert workers.free_slots == 0, "trial 0 continues alone"
        workers.answer(0, Decision.CONTINUE)
        results, events = results_of(workers, 1)
        assert (results[0].state, results[0].metrics["pid"]) == (TrialState.COMPLETE, pid)
        assert start(workers, 2, tmp_path) != pid
        assert not any(isinstance(event, WorkerLost) for event in events)


def test_output_is_in_the_workers_log_unless_the_worker_has_one_lane(tmp_path: Path):
    with pool(tmp_path, lanes=2) as workers:
        workers.submit(lane_request(0, tmp_path))
        results_of(workers, 1)
    assert "admitted 0" in (tmp_path / "worker-0.log").read_text()
    assert not TrialPaths(tmp_path / "00000").log.exists()
    with pool(tmp_path, lanes=1) as workers:
        workers.submit(lane_request(1, tmp_path))
        results_of(workers, 1)
    assert TrialPaths(tmp_path / "00001").log.read_text() == "admitted 1\n"


def test_lanes_without_a_plan_train_one_trial_at_a_time(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path) as workers:
        for number in range(2):
            assert workers.free_slots == 1
            workers.submit(lane_request(number, tmp_path, seeds=3))
            assert results_of(workers, 1)[0][number].state is TrialState.COMPLETE
