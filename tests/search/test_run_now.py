"""What is told about the last run of a study: from its record and its lock."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from child_process import ChildProcess
from fxai.search.lock import hold_study
from fxai.search.run_now import RunNow, run_now
from fxai.search.stored_run import RunState, StoredRun
from fxai.user_folders import state_directory

HOLD = """
import sys
from pathlib import Path
from fxai.search.lock import hold_study
with hold_study(sys.argv[1], "s", Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


def test_a_run_whose_process_holds_the_study_is_running(url: str) -> None:
    run = StoredRun.begun()
    with hold_study(url, "s", state_directory()):
        assert run_now(url, "s", run) == RunNow(RunState.RUNNING, os.getpid(), run.host, run.start)


def test_a_run_that_writes_its_files_after_its_end_is_running(url: str) -> None:
    run = StoredRun.begun().ended(RunState.FINISHED, None)
    with hold_study(url, "s", state_directory()):
        found = run_now(url, "s", run)
    assert (found.state, found.end) == (RunState.RUNNING, None)


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.INTERRUPTED, RunState.FAILED])
def test_a_run_that_has_ended_has_its_end_and_no_process(url: str, state: RunState) -> None:
    run = StoredRun.begun().ended(state, "the reason")
    assert run_now(url, "s", run) == RunNow(state, None, run.host, run.start, run.end, "the reason")


def test_a_run_without_an_end_that_holds_nothing_was_killed(url: str) -> None:
    run = StoredRun.begun()
    found = run_now(url, "s", run)
    assert (found.state, found.pid, found.end) == (RunState.KILLED, None, None)
    assert found.reason == f"process {run.pid} on {run.host} was killed"


def test_a_process_that_is_not_of_the_run_does_not_make_it_running(url: str) -> None:
    run = StoredRun.begun().ended(RunState.FINISHED, None)
    command = [sys.executable, "-c", HOLD, url, str(state_directory())]
    with ChildProcess(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        found = run_now(url, "s", run)
        other.communicate("")
    assert (found.state, found.pid, found.end) == (RunState.FINISHED, other.pid, run.end)


def test_a_study_of_an_earlier_release_is_running_or_not_known(url: str) -> None:
    assert run_now(url, "s", None) == RunNow()
    with hold_study(url, "s", state_directory()):
        assert run_now(url, "s", None) == RunNow(RunState.RUNNING, os.getpid())
