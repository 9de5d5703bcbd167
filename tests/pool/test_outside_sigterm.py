"""SIGTERM to all processes below the parent, as Slurm sends it before the end of a job."""

import signal
from dataclasses import replace
from pathlib import Path

import psutil

from drive_workers import events_until, request_for, result_of
from fxai.pool import LocalPool, WorkerLost
from fxai.protocol import Decision, LanePlan, Report, Slot, TrialRequest, TrialState
from worker_process import words_of

CODE = str(Path(__file__).parents[1] / "objectives")
PROGRAMS = LanePlan("command", {})
REPORT = 'echo "{\\"step\\": 1, \\"value\\": 0.5}" >> "$FXAI_REPORTS";'
TRAP = "trap 'echo saved > saved; exit 1' TERM;"
FOREVER = "while true; do sleep 0.1; done"


def program(folder: Path, script: str, number: int) -> TrialRequest:
    made = replace(request_for("command", number, folder), objective="command", folder=str(folder))
    return replace(made, command=("sh", "-c", script))


def sigterm_to_all() -> list[psutil.Process]:
    """Send SIGTERM to the processes of the pool, and return them."""
    supervisors = [each for each in psutil.Process().children() if "fxai.worker.main" in words_of(each)]
    assert supervisors
    processes = [*supervisors, *(below for each in supervisors for below in each.children(recursive=True))]
    for process in processes:
        process.send_signal(signal.SIGTERM)
    return processes


def state_after_sigterm(workers: LocalPool, trial: TrialRequest) -> TrialState:
    """The state of a trial whose processes get SIGTERM after each of its reports."""

    def decide(report: Report) -> Decision:
        sigterm_to_all()
        return Decision.CONTINUE

    return result_of(workers, trial, decide).state


def test_a_function_continues(tmp_path: Path) -> None:
    with LocalPool([Slot(0)], tmp_path, LanePlan("user_code:climbs", {}, folder=CODE)) as workers:
        trial = replace(request_for("user_code:climbs", 1, tmp_path, x=0.5), folder=CODE, metric="accuracy")
        assert state_after_sigterm(workers, trial) is TrialState.COMPLETE


def test_a_program_that_ends_is_returned_and_a_later_failure_is_one(tmp_path: Path) -> None:
    with LocalPool([Slot(0)], tmp_path, PROGRAMS) as workers:
        for number, script in enumerate((f"{REPORT} exec sleep 600", f"{TRAP} {REPORT} {FOREVER}")):
            assert state_after_sigterm(workers, program(tmp_path, script, number)) is TrialState.RETURNED
        assert (tmp_path / "saved").exists()
        failed = result_of(workers, program(tmp_path, f"{REPORT} exit 1", 2))
        assert failed.state is TrialState.FAIL


def test_a_worker_that_has_ignored_it_ends_with_its_pool(tmp_path: Path) -> None:
    with LocalPool([Slot(0)], tmp_path, PROGRAMS) as workers:
        workers.submit(program(tmp_path, f"{REPORT} sleep 600", 1))
        events_until(workers, lambda event: isinstance(event, Report))
        processes = sigterm_to_all()
        assert not [event for event in workers.events(0.2) if isinstance(event, WorkerLost)]
    assert not psutil.wait_procs([each for each in processes if each.is_running()], timeout=60)[1]
