"""Guarantees of the pool of remote workers: hosts that join, end, are lost, or cannot be used."""

import os
import signal
from pathlib import Path

import pytest

from drive_workers import LANES, PATIENCE, events_until, fill, lane_request, request_for, result_of, results_of
from fxai.errors import FxaiError, InputError
from fxai.pool import PoolNotice, WorkerLost
from fxai.protocol import Cause, Decision, LanePlan, Report, TrialResult, TrialState
from host_processes import remote_workers, wait_for_workers


def test_hosts_that_join_later_get_trials(tmp_path: Path):
    with remote_workers(tmp_path) as (workers, hosts):
        assert workers.free_slots == 0
        hosts.join("first")
        wait_for_workers(workers, 1)
        workers.submit(request_for("counts", 1, tmp_path))
        events_until(workers, lambda event: isinstance(event, Report))
        assert workers.free_slots == 0
        hosts.join("second", workers=2)
        wait_for_workers(workers, 3)
        assert workers.free_slots == 2
        assert [each.device for each in workers.activity()] == ["cpu on first", "cpu on second", "cpu on second"]
        assert result_of(workers, request_for("counts", 2, tmp_path)).state is TrialState.COMPLETE


def test_a_closed_pool_ends_its_hosts(tmp_path: Path):
    with remote_workers(tmp_path) as (workers, hosts):
        process = hosts.join("first")
        wait_for_workers(workers, 1)
        pid = int(result_of(workers, request_for("counts", 1, tmp_path)).metrics["pid"])
        workers.close()
        assert not (Path("/proc") / str(pid)).exists(), "the worker has ended when `close` returns"
        assert process.communicate(timeout=PATIENCE)[0] == "BY_PARENT the study's run has ended\n"
        assert not list((tmp_path / "logs").glob(".*")), "the probe is removed"


def test_a_killed_host_loses_its_workers_and_the_others_go_on(tmp_path: Path):
    with remote_workers(tmp_path, LanePlan(LANES, {}, lanes=2)) as (workers, hosts):
        lost = hosts.join("lost", workers=2)
        wait_for_workers(workers, 2)
        fill(workers, [lane_request(number, tmp_path) for number in range(3)])
        hosts.join("other")
        wait_for_workers(workers, 3)
        lost.kill()
        events: list[WorkerLost] = []
        while len(events) < 2:
            events += [event for event in workers.events(1.0) if isinstance(event, WorkerLost)]
        assert sorted(number for event in events for number in event.trials) == [0, 1, 2]
        assert {(event.cause, event.host) for event in events} == {(Cause.WORKER_LOST, "lost")}
        assert "was lost with its host lost" in events[0].message
        assert "it closed the connection" in events[0].message
        assert [each.worker for each in workers.activity()] == [2]
        workers.answer(0, Decision.CONTINUE)
        again = [lane_request(number, tmp_path) for number in range(2)]
        fill(workers, again)
        for request in again:
            workers.answer(request.number, Decision.CONTINUE)
        results, _ = results_of(workers, 2)
        assert {result.state for result in results.values()} == {TrialState.COMPLETE}


def test_trials_that_had_not_begun_on_a_lost_host_are_not_lost(tmp_path: Path):
    with remote_workers(tmp_path) as (workers, hosts):
        stopped = hosts.join("stopped")
        wait_for_workers(workers, 1)
        stopped.send_signal(signal.SIGSTOP)
        trial = workers.submit(request_for("counts", 1, tmp_path))
        hosts.join("other")
        wait_for_workers(workers, 2)
        stopped.kill()
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
        assert [event.trials for event in events if isinstance(event, WorkerLost)] == [()]
        assert trial.worker == 1


def test_a_silent_host_is_lost_and_ends_its_workers_when_it_wakes(tmp_path: Path):
    with remote_workers(tmp_path, limit=4.0) as (workers, hosts):
        silent = hosts.join("silent")
        wait_for_workers(workers, 1)
        workers.submit(request_for("counts", 1, tmp_path, steps=50))
        report = events_until(workers, lambda event: isinstance(event, Report))[-1]
        assert isinstance(report, Report)
        silent.send_signal(signal.SIGSTOP)
        lost = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
        assert isinstance(lost, WorkerLost)
        assert (lost.trials, lost.host) == ((1,), "silent")
        assert "it sent nothing for 4 s" in lost.message
        hosts.join("other")
        wait_for_workers(workers, 1)
        workers.submit(request_for("counts", 1, tmp_path, steps=2))
        silent.send_signal(signal.SIGCONT)
        assert silent.communicate(timeout=PATIENCE)[0].startswith("PARENT_LOST The study's run was lost")
        assert not (Path("/proc") / str(int(report.metrics["pid"]))).exists()
        assert results_of(workers, 1)[0][1].state is TrialState.COMPLETE


def test_a_killed_worker_of_a_host_is_replaced_there(tmp_path: Path):
    with remote_workers(tmp_path) as (workers, hosts):
        hosts.join("first")
        wait_for_workers(workers, 1)
        workers.submit(request_for("kills_itself", 1, tmp_path))
        loss = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
        assert isinstance(loss, WorkerLost)
        assert (loss.trials, loss.host) == ((1,), "")
        assert loss.message.startswith("worker 0 on host first was killed by SIGKILL during trial 1")
        assert result_of(workers, request_for("counts", 2, tmp_path)).state is TrialState.COMPLETE


def test_a_host_on_which_the_code_fails_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "needs_a_library.py").write_text(
        "import os\nos.environ['HAS_LIBRARY']\nfrom trial_objectives import counts\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    name = "needs_a_library:counts"
    with remote_workers(tmp_path, LanePlan(name, {})) as (workers, hosts):
        hosts.join("good", environment={"HAS_LIBRARY": "1"})
        wait_for_workers(workers, 1)
        bad = hosts.join("bad")
        notice = events_until(workers, lambda event: isinstance(event, PoolNotice))[-1]
        assert isinstance(notice, PoolNotice)
        assert notice.message.startswith(
            f"the objective {name} cannot be imported on host bad: KeyError: 'HAS_LIBRARY'"
        )
        assert bad.communicate(timeout=PATIENCE)[0] == f"FAILED {notice.message}\n"
        assert result_of(workers, request_for(name, 1, tmp_path)).state is TrialState.COMPLETE


def test_without_a_usable_host_the_failure_is_an_error(tmp_path: Path):
    with remote_workers(tmp_path, LanePlan("no_such_module:function", {})) as (workers, hosts):
        for name in ("first", "second"):
            hosts.join(name)
        wanted = r"the objective no_such_module:function cannot be imported on host (first|second): .*No module named"
        with pytest.raises(InputError, match=wanted):
            events_until(workers, lambda _: False)


def test_workers_that_end_at_their_start_are_an_error_that_names_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "ends.py").write_text("import os, sys\nprint('no driver', file=sys.stderr, flush=True)\nos._exit(7)\n")
    monkeypatch.syspath_prepend(tmp_path)
    wanted = r"Worker 0 on host first does not start: it exited with status 7, 4 times in a row; .*: no driver \(log: "
    with remote_workers(tmp_path, LanePlan("ends:function", {})) as (workers, hosts):
        hosts.join("first")
        with pytest.raises(FxaiError, match=wanted):
            events_until(workers, lambda _: False)


def test_a_host_with_other_versions_is_told_and_not_used(tmp_path: Path):
    with remote_workers(tmp_path) as (workers, hosts):
        hosts.join("good")
        wait_for_workers(workers, 1)
        process = hosts.join("old", environment={"HOST_VERSION": "3.9"})
        notice = events_until(workers, lambda event: isinstance(event, PoolNotice))[-1]
        assert isinstance(notice, PoolNotice)
        assert notice.message.startswith("The host old is not used: it has Python 3.9, and this study runs with Python")
        assert process.communicate(timeout=PATIENCE)[0] == f"REFUSED {notice.message}\n"
        assert len(workers.activity()) == 1


def test_garbage_from_a_host_is_its_loss(tmp_path: Path):
    with remote_workers(tmp_path) as (workers, hosts):
        hosts.join("good")
        wait_for_workers(workers, 1)
        for garbage in (b"\xff\xfe\n", b"[[[[\n", b"[" * 100_000 + b"\n", b'{"kind": "HostEvents", "message": 3}\n'):
            hosts.add_stranger(garbage)
            notice = events_until(workers, lambda event: isinstance(event, PoolNotice))[-1]
            assert isinstance(notice, PoolNotice)
            assert "it sent what is no message of FxAI" in notice.message
        assert result_of(workers, request_for("counts", 2, tmp_path)).state is TrialState.COMPLETE


def test_messages_about_unknown_workers_and_trials_are_ignored(tmp_path: Path):
    with remote_workers(tmp_path) as (workers, hosts):
        hosts.join("good")
        wait_for_workers(workers, 1)
        hosts.add_stranger(
            b'{"kind": "HostEvents", "message": {"worker": 0, "events": [{"number": 7, "worker": 3}]}}\n'
            b'{"kind": "TrialsGivenBack", "message": {"worker": 9, "numbers": [7]}}\n'
            b'{"kind": "HostReady", "message": {"shared": true}}\n'
        )
        trial = workers.submit(request_for("counts", 7, tmp_path))
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
        assert trial.worker == 0
        assert not any(isinstance(event, WorkerLost) for event in events)
        assert os.getpid() != events[-1].metrics["pid"]
