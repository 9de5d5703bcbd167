"""Workers that start before their pool: the pool takes them over, and the others end without a file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from child_process import ChildProcess
from drive_workers import PATIENCE, events_until, request_for, result_of
from fxai.errors import FxaiError
from fxai.pool import EarlyWorkers, LocalPool, SlotPlan
from fxai.protocol import Slot, TrialPaths, TrialState
from worker_process import words_of

PARENT = Path(__file__).parents[1] / "parent_of_early_workers.py"
SLOTS = (Slot(0), Slot(1))


def early_workers() -> EarlyWorkers:
    return EarlyWorkers(SlotPlan(SLOTS), SLOTS, "")


def started_workers() -> list[psutil.Process]:
    """The workers below the supervisors of this process, once all have started."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        supervisors = [each for each in psutil.Process().children() if "fxai.worker.main" in words_of(each)]
        found = [each for supervisor in supervisors for each in supervisor.children()]
        if len(found) == len(SLOTS):
            return found
        time.sleep(0.01)
    raise TimeoutError("the workers have not started")


def all_ended(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=PATIENCE)[1]


def test_a_pool_trains_in_the_workers_that_have_started(tmp_path: Path) -> None:
    early = early_workers()
    workers = started_workers()
    assert list(tmp_path.iterdir()) == []
    with LocalPool(SLOTS, tmp_path, early=early) as pool:
        assert {path.name for path in tmp_path.iterdir()} == {"worker-0.log", "worker-1.log"}
        request = request_for("prints_environment", 1, tmp_path)
        result = result_of(pool, request)
        assert result.state is TrialState.COMPLETE
        assert "CUDA" in TrialPaths(request.directory).log.read_text()
        assert int(result_of(pool, request_for("counts", 2, tmp_path)).metrics["pid"]) in {each.pid for each in workers}
        assert all(each.is_running() for each in workers)
    assert all_ended(workers)


def test_a_pool_ends_workers_of_other_slots(tmp_path: Path) -> None:
    early = early_workers()
    workers = started_workers()
    with LocalPool([Slot(0), Slot(1, threads=2)], tmp_path, early=early):
        assert [each.is_running() for each in workers].count(True) == 1


@pytest.mark.parametrize("of_supervisor", [False, True])
def test_a_worker_that_dies_before_its_welcome_is_replaced(tmp_path: Path, *, of_supervisor: bool) -> None:
    early = early_workers()
    for worker in started_workers():
        os.kill(worker.ppid() if of_supervisor else worker.pid, signal.SIGKILL)
        worker.wait(PATIENCE)
    with LocalPool(SLOTS, tmp_path, early=early) as pool:
        assert result_of(pool, request_for("counts", 1, tmp_path)).state is TrialState.COMPLETE


def test_the_output_of_workers_that_exit_before_their_welcome_is_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.write(2, b'cannot begin\\n')\nos._exit(7)\n")
    slot = Slot(0, environment={"PYTHONPATH": str(tmp_path)})
    early = EarlyWorkers(SlotPlan((slot,)), (slot,), "")
    with (
        LocalPool((slot,), tmp_path / "logs", early=early) as pool,
        pytest.raises(FxaiError, match=r"4 times in a row; its log ends with: cannot begin"),
    ):
        events_until(pool, lambda _: False)
    assert (tmp_path / "logs" / "worker-0.log").read_text() == 4 * "cannot begin\n"


def test_workers_that_nothing_takes_end() -> None:
    before = psutil.Process().children()
    with early_workers():
        workers = started_workers()
    assert all_ended(workers)
    assert [each for each in psutil.Process().children() if each not in before] == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, None])
def test_a_parent_that_ends_leaves_no_worker(ending: signal.Signals | None) -> None:
    with ChildProcess([sys.executable, PARENT], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as parent:
        parent.stdout.readline()
        processes = psutil.Process(parent.pid).children(recursive=True)
        assert len(processes) >= len(SLOTS)
        if ending is None:
            parent.stdin.close()  # the parent returns from its main
        else:
            parent.send_signal(ending)
        assert all_ended(processes)
