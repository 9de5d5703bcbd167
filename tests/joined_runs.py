"""Runs of `fxai run --join` as processes, each with workers of its own, and the ledger of what they have trained."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fxai.atomic_write import write_text
from fxai.errors import StudyNotFoundError
from fxai.search.studies import load_study
from fxai.search.study_lease import LeaseOffice, LeaseRow

LEASE_SECONDS = 20.0
"""Longer than a host waits for a frozen owner."""
PATIENCE = 120
STUDY = "joined"
RUN = f"""\
import sys
import fxai.study.join.join_study
from fxai.cli.app import main
fxai.study.join.join_study.LEASE_SECONDS = {LEASE_SECONDS}
sys.argv[0] = "fxai"
main()
"""
SPEC = """\
name: joined
save_study_plots: false
studies:
  - study_name: joined
    n_trials: TRIALS
    n_jobs: 1
    max_concurrent_trials: 3
    objective: "own:work"
    sampler: {type: RandomSampler}
    pruner: {type: NopPruner}
    retries: 1
    parameters:
      - {name: x, type: float, low: 0.0, high: 1.0}
"""
OWN = """\
import os
import time

def work(trial):
    note("begun", trial)
    while trial.number >= trials_that_go():
        time.sleep(0.05)
    for step in range(1, 4):
        time.sleep(SECONDS)
        if not trial.report(step, trial.params["x"]):
            break
    else:
        note("ledger", trial)
    return trial.params["x"]

def trials_that_go():
    return int(open("go").read()) if os.path.exists("go") else 0

def note(file, trial):
    with open(file, "a") as lines:
        lines.write(f"{trial.number}\\n")
"""


class JoinedRuns:
    """The runs of one study in a folder."""

    def __init__(self, folder: Path, url: str, trials: int, seconds: float) -> None:
        self.url, self._folder = url, folder
        (folder / "joined.yaml").write_text(SPEC.replace("TRIALS", str(trials)))
        (folder / "own.py").write_text(OWN.replace("SECONDS", str(seconds)))
        self._office = LeaseOffice(url, STUDY)
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start a run."""
        arguments = ["run", "--spec", "joined.yaml", "--storage", self.url, "--join", *options]
        log = (self._folder / f"run{len(self.processes)}").open("w")
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, *arguments],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def output(self, process: subprocess.Popen[str]) -> str:
        return (self._folder / f"run{self.processes.index(process)}").read_text()

    def wait_for(self, reached: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < until, self.all_output()
            time.sleep(0.1)

    def wait_for_owner(self) -> subprocess.Popen[str]:
        """The run that owns the study, once one does."""
        self.wait_for(lambda: self._owner() is not None)
        owner = self._owner()
        assert owner is not None
        return owner

    def wait_until_lent(self, lender: subprocess.Popen[str]) -> None:
        """Wait until a run lends its worker."""
        self.wait_for(lambda: "Lends its 1 worker" in self.output(lender))

    def wait_for_trials(self, count: int) -> None:
        """Wait until that many trials run. None ends before `go`."""
        self.wait_for(lambda: self.states().count("RUNNING") >= count)

    def go(self, first: int = 1_000) -> None:
        """Let the first trials begin their work. The others wait."""
        write_text(self._folder / "go", str(first))

    def wait_until_held(self, count: int) -> None:
        """Wait until the trials let go have ended, for the study too, and that many others wait for `go`."""
        (first,) = self._noted("go")
        self.wait_for(lambda: len(self._noted("begun")) - count == len(self.ledger()) == self.completed() == first)

    def codes(self) -> list[int]:
        return [process.wait(PATIENCE) for process in self.processes]

    def row(self) -> LeaseRow | None:
        return self._office.read()

    def states(self) -> list[str]:
        """The states of the trials, in the order of their numbers."""
        try:
            trials = load_study(self.url, STUDY).trials
        except StudyNotFoundError:
            return []
        assert [trial.number for trial in trials] == list(range(len(trials)))
        return [trial.state.name for trial in trials]

    def completed(self) -> int:
        return self.states().count("COMPLETE")

    def ledger(self) -> list[int]:
        """The numbers of the trials that were trained to their end, sorted."""
        return sorted(self._noted("ledger"))

    def all_output(self) -> str:
        return "\n".join(f"run {process.pid}:\n{self.output(process)}" for process in self.processes)

    def _noted(self, file: str) -> list[int]:
        path = self._folder / file
        return [int(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _owner(self) -> subprocess.Popen[str] | None:
        row = self.row()
        pid = None if row is None or not row.is_current else row.holder.pid
        return next((each for each in self.processes if each.pid == pid and each.poll() is None), None)


@contextmanager
def joined_runs(folder: Path, url: str, trials: int, seconds: float = 0.1) -> Iterator[JoinedRuns]:
    """Runs in a folder, all of which are killed at the end of the block, if they have not ended."""
    runs = JoinedRuns(folder, url, trials, seconds)
    try:
        yield runs
    finally:
        for process in runs.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
