"""`fxai status --json` of a study that runs, is killed, is interrupted, and fails."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from child_process import ChildProcess
from cli.conftest import Fxai

SPEC = """\
name: slow
save_study_plots: false
studies:
  - study_name: slow
    n_trials: 2
    objective: {command: [sh, -c, 'touch begun; sleep 60']}
    parameters: {x: {type: uniform, low: 0, high: 1}}
"""
RUN = (sys.executable, "-m", "fxai", "run", "slow.yaml", "--n-jobs", "1")


def row_when(fxai: Fxai, state: str) -> dict[str, Any]:
    """The row of the study, once it is in that state."""
    row: dict[str, Any] = {}
    for _ in range(600):
        finished = fxai("status", "--json")
        row = json.loads(finished.out)[0] if finished.code == 0 and finished.out.strip() != "[]" else {}
        if row.get("state") == state and (state != "running" or row["unfinished"]):
            return row
        time.sleep(0.05)
    raise AssertionError(f"never {state}: {row}")


def wait_for(path: Path) -> None:
    until = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_run_is_running_then_killed_then_interrupted(fxai: Fxai) -> None:
    Path("slow.yaml").write_text(SPEC)
    with ChildProcess(RUN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        row = row_when(fxai, "running")
        assert (row["pid"], row["end"], row["reason"], row["target"]) == (run.pid, None, None, 2)
        run.kill()
        run.wait()
        row = row_when(fxai, "killed")
        assert (row["pid"], row["end"]) == (None, None)
        assert row["reason"].startswith(f"process {run.pid} on ")
    Path("begun").unlink(missing_ok=True)
    with ChildProcess(RUN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        assert row_when(fxai, "running")["pid"] == run.pid
        wait_for(Path("begun"))  # a run without a trial ends at the first signal
        run.send_signal(signal.SIGINT)
        time.sleep(1.5)  # a second one within a second is ignored
        run.send_signal(signal.SIGINT)  # stops now; the trial reports nothing, so it would end after a minute
        assert run.wait(60) == 130
    row = row_when(fxai, "interrupted")
    assert row["start"] <= row["end"]
    assert "interrupted with 2 trials left" in row["reason"]
    assert row["pid"] is None


def test_a_run_whose_trials_fail_has_failed(fxai: Fxai) -> None:
    Path("slow.yaml").write_text(SPEC.replace("sleep 60", "exit 3"))
    assert fxai(*RUN[3:]).code == 1
    row = row_when(fxai, "failed")
    assert row["failed"] == 2
    assert row["reason"] == "no trial is complete"
