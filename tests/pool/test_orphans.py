"""No process remains after the parent has returned or was killed."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from child_process import ChildProcess
from drive_workers import PATIENCE

PARENT = Path(__file__).parents[1] / "parent_of_workers.py"


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, None])
def test_a_parent_that_ends_leaves_no_process(tmp_path: Path, ending: signal.Signals | None):
    with ChildProcess([sys.executable, PARENT, tmp_path], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as parent:
        worker_pids = json.loads(parent.stdout.readline())
        process_tree = psutil.Process(parent.pid).children(recursive=True)
        assert set(worker_pids) <= {process.pid for process in process_tree}
        assert len(process_tree) >= 6, "two supervisors, two workers, two children of a trial"
        if ending is None:
            parent.stdin.close()  # the parent returns from its main
        else:
            parent.send_signal(ending)
        _, alive = psutil.wait_procs(process_tree, timeout=PATIENCE)
        assert alive == []
