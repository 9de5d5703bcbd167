"""Guarantees of the process pool: it continues after crashes, hangs and memory exhaustion of its trials."""

import os
import signal
import threading
from pathlib import Path

import psutil
import pytest

from drive_workers import PATIENCE, events_until, loss_of, request_for, result_of
from fxai.bounded_log import LOG_BYTES
from fxai.errors import FxaiError, InputError
from fxai.pool import Limits, LocalPool, WorkerLost
from fxai.protocol import Cause, Decision, LanePlan, Report, Slot, TrialPaths, TrialResult, TrialState


def first_report(workers: LocalPool) -> Report:
    report = events_until(workers, lambda event: isinstance(event, Report))[-1]
    assert isinstance(report, Report)
    return report


def gone(pids: list[int]) -> bool:
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return not psutil.wait_procs(processes, timeout=PATIENCE)[1]


def test_one_process_serves_many_trials(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path) as workers:
        pids = {result_of(workers, request_for("counts", number, tmp_path)).metrics["pid"] for number in range(5)}
        assert len(pids) == 1
        assert os.getsid(int(*pids)) != os.getsid(0), "Ctrl-C in the terminal is the parent's"


def test_a_killed_worker_is_reported_and_replaced(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path) as workers:
        request = request_for("kills_itself", 1, tmp_path)
        loss = loss_of(workers, request)
        assert (loss.worker, loss.cause, loss.trials) == (0, Cause.WORKER_LOST, (1,))
        assert "SIGKILL" in loss.message
        assert str(TrialPaths(request.directory).log) in loss.message
        workers.answer(1, Decision.CONTINUE)
        assert result_of(workers, request_for("counts", 2, tmp_path)).state is TrialState.COMPLETE


def test_an_idle_worker_that_is_killed_is_replaced(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path) as workers:
        pid = int(result_of(workers, request_for("counts", 1, tmp_path)).metrics["pid"])
        os.kill(pid, signal.SIGSEGV)
        loss = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
        assert loss.trials == ()
        assert "SIGSEGV" in loss.message
        assert result_of(workers, request_for("counts", 2, tmp_path)).metrics["pid"] != pid


def test_a_killed_supervisor_ends_its_worker(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path) as workers:
        workers.submit(request_for("hangs_ignoring_sigterm", 1, tmp_path))
        pid = int(first_report(workers).value)
        workers.answer(1, Decision.CONTINUE)
        os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
        loss = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
        assert loss.trials == (1,)
        assert gone([pid])
        assert result_of(workers, request_for("counts", 2, tmp_path)).state is TrialState.COMPLETE


@pytest.mark.parametrize(
    ("objective", "limits", "cause"),
    [
        ("hangs_ignoring_sigterm", Limits(trial_seconds=1.0), Cause.TIME_LIMIT),
        ("hangs", Limits(seconds_without_progress=1.1), Cause.NO_PROGRESS),
    ],
)
def test_a_trial_past_its_limit_fails_and_its_worker_is_replaced(
    tmp_path: Path, objective: str, limits: Limits, cause: Cause
):
    plan = LanePlan(f"trial_objectives:{objective}", {})  # the import does not count as time of the trial
    with LocalPool([Slot(0)], tmp_path, plan, limits=limits) as workers:
        request = request_for(objective, 1, tmp_path)
        TrialPaths(request.directory).directory.mkdir()
        TrialPaths(request.directory).checkpoint.touch()
        result = result_of(workers, request)
        assert (result.state, result.error.cause) == (TrialState.FAIL, cause)
        limit = limits.trial_seconds or limits.seconds_without_progress
        assert limit is not None
        assert f"{limit:g} s" in result.error.message
        assert result.seconds >= limit
        assert not TrialPaths(request.directory).checkpoint.exists()
        assert f"in {objective}" in TrialPaths(request.directory).log.read_text(), "the log has the stack of the hang"
        assert workers.free_slots == 1
        next_one = result_of(workers, request_for(objective, 2, tmp_path), lambda _: Decision.PRUNE)
        assert next_one.state is TrialState.PRUNED


def test_waiting_for_the_parent_is_not_lack_of_progress(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, limits=Limits(seconds_without_progress=2.0)) as workers:
        workers.submit(request_for("counts", 1, tmp_path))
        first_report(workers)
        assert len(workers.events(2.2)) == 0
        workers.answer(1, Decision.CONTINUE)
        ended = events_until(workers, lambda event: isinstance(event, TrialResult))[-1]
        assert ended.state is TrialState.COMPLETE


def test_a_worker_grown_too_large_is_replaced_between_trials(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, limits=Limits(worker_bytes=220_000_000)) as workers:
        grown = [result_of(workers, request_for("grows", number, tmp_path, megabytes=100)).value for number in range(4)]
    assert grown[0] == grown[1] != grown[2]
    assert grown[2] == grown[3]


def test_a_trial_that_grows_its_worker_beyond_the_limit_fails(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, limits=Limits(worker_bytes=220_000_000)) as workers:
        result = result_of(workers, request_for("grows", 1, tmp_path, megabytes=400, seconds=1000))
    assert (result.state, result.error.cause) == (TrialState.FAIL, Cause.OUT_OF_MEMORY)
    assert "more than its limit of 0.22 GB (memory_limit_gb)" in result.error.message


def test_a_process_that_ran_out_of_memory_takes_no_further_trial(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path) as workers:
        workers.submit(request_for("runs_out_of_memory", 1, tmp_path))
        pid = first_report(workers).value
        workers.answer(1, Decision.CONTINUE)
        events_until(workers, lambda event: isinstance(event, TrialResult))
        assert result_of(workers, request_for("counts", 2, tmp_path)).metrics["pid"] != pid


def test_a_trial_with_much_output_completes_with_a_bounded_log(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path) as workers:
        request = request_for("floods", 1, tmp_path)
        assert result_of(workers, request).state is TrialState.COMPLETE
    log = TrialPaths(request.directory).log.read_text()
    assert len(log) <= LOG_BYTES
    assert log.startswith("the beginning\n")
    assert log.endswith("the end\n")
    assert "output left out" in log


def test_the_slot_sets_threads_and_devices_before_torch_is_loaded(tmp_path: Path):
    with LocalPool([Slot(0, threads=2, environment={"MARK": "of the slot"})], tmp_path) as workers:
        request = request_for("prints_environment", 1, tmp_path)
        metrics = result_of(workers, request).metrics
    assert metrics == {"threads": 2.0, "torch_is_loaded": 0.0}
    assert TrialPaths(request.directory).log.read_text() == "CUDA '' MARK of the slot\n"


def test_an_objective_that_cannot_be_imported_is_an_error_at_once(tmp_path: Path):
    with (
        LocalPool([Slot(0)], tmp_path, LanePlan("no_such_module:function", {})) as workers,
        pytest.raises(
            InputError, match=r"cannot be imported: .*No module named 'no_such_module' \(log: .*worker-0\.log"
        ),
    ):
        events_until(workers, lambda _: False)
    assert (tmp_path / "worker-0.log").read_text().count("Traceback") == 1, "it was started once"


def test_workers_that_exit_at_their_start_are_one_short_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "dies.py").write_text("import os, sys\nprint('y' * 1000, file=sys.stderr, flush=True)\nos._exit(7)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with (
        LocalPool([Slot(0)], tmp_path, LanePlan("dies:function", {})) as workers,
        pytest.raises(
            FxaiError, match=r"does not start.*4 times in a row; its log ends with: y+….*worker-0\.log"
        ) as raised,
    ):
        events_until(workers, lambda _: False)
    assert len(str(raised.value).replace(str(tmp_path), "")) < 500


@pytest.mark.parametrize("dies", [False, True])
def test_the_children_of_a_trial_end_with_its_worker(tmp_path: Path, *, dies: bool):
    with LocalPool([Slot(0)], tmp_path) as workers:
        workers.submit(request_for("has_children", 1, tmp_path, dies=dies))
        pids = [int(pid) for pid in first_report(workers).metrics.values()]
        assert all(psutil.pid_exists(pid) for pid in pids)
        if dies:
            workers.answer(1, Decision.CONTINUE)
            events_until(workers, lambda event: isinstance(event, WorkerLost))
            assert gone(pids)
    assert gone(pids)


def test_close_ends_a_trial_in_the_middle_of_a_long_call(tmp_path: Path):
    workers = LocalPool([Slot(0)], tmp_path)
    workers.submit(request_for("hangs_ignoring_sigterm", 1, tmp_path))
    pid = int(first_report(workers).value)
    workers.answer(1, Decision.CONTINUE)
    supervisor = psutil.Process(pid).ppid()
    workers.close()
    assert not psutil.pid_exists(pid)
    assert not psutil.pid_exists(supervisor)


def test_a_pool_works_after_the_thread_that_created_it_has_ended(tmp_path: Path):
    """Linux sends the parent-death signal when the thread that started the process ends."""
    pools: list[LocalPool] = []
    maker = threading.Thread(target=lambda: pools.append(LocalPool([Slot(0)], tmp_path)))
    maker.start()
    maker.join()
    with pools[0] as workers:
        results = [result_of(workers, request_for("counts", number, tmp_path)) for number in range(2)]
        assert len({result.metrics["pid"] for result in results}) == 1
