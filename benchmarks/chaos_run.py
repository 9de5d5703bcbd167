"""The process that `chaos.py` kills and starts again: a search on disk, of FxAI or of plain Optuna, with its ledger.

Each report and each result of a trial is a line of the ledger. The trial writes the line, never FxAI or Optuna.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "FXAI_CHAOS_RUN"
SECONDS_TO_VANISH = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    trial: int
    attempt: int
    worker: int  # its process
    step: int | str  # of a report; a result has its state instead
    value: float | None


def append(ledger: Path, entry: Entry) -> None:
    """Add a line as one `write` that is on disk when this returns, so that lines of several processes never mix."""
    line = json.dumps({name: getattr(entry, name) for name in Entry.__slots__})
    opened = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(opened, line.encode() + b"\n")
        os.fsync(opened)
    finally:
        os.close(opened)


@dataclass(frozen=True, slots=True)
class Killed:
    """What a run was doing when it was killed."""

    entries: Sequence[Entry]  # since its start

    @property
    def held(self) -> list[int]:
        """Of each worker: how many trials had reported from it and not ended."""
        under_way: dict[int, set[int]] = defaultdict(set)
        for entry in self.entries:
            if isinstance(entry.step, int):
                under_way[entry.worker].add(entry.trial)
            else:
                under_way[entry.worker].discard(entry.trial)
        return sorted(map(len, under_way.values()))

    def __str__(self) -> str:
        held = " and ".join(map(str, self.held))
        return f"{len(self.entries):>4} lines in the ledger since its start, {held} trials on its workers"


@dataclass
class Run:
    """One search on disk and the command that starts it, again and again."""

    folder: Path
    command: Sequence[str]
    mark: str
    most_crashes: int  # after which its own errors end the benchmark
    crashes: int = 0

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def entries(self) -> list[Entry]:
        if not self.ledger.exists():
            return []
        return [Entry(**json.loads(line)) for line in self.ledger.read_text().splitlines()]

    def start(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            MARK: self.mark,
            "FXAI_LEDGER": str(self.ledger),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
        }
        return subprocess.Popen(
            self.command, env=environment, cwd=self.folder, start_new_session=True, stdout=subprocess.DEVNULL
        )

    def processes(self) -> list[psutil.Process]:
        """All processes with this run's mark in their environment."""
        return [process for process in psutil.process_iter() if _environment(process).get(MARK) == self.mark]

    def finish(self) -> None:
        """Start it and wait for its end; where it ends with an error, again."""
        while code := self.start().wait():
            self.crashed(code)
        time.sleep(SECONDS_TO_VANISH)

    def crashed(self, code: int) -> None:
        """Count an end by an error of its own."""
        self.crashes += 1
        if self.crashes > self.most_crashes:
            sys.exit(f"the run ended by itself with {code}; if with 0, plan more trials")


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return {}


def kill_at_random(run: Run, rng: random.Random, most_seconds: float) -> Killed:
    """Start the run, let it work for up to so long after its first trials report, kill it."""
    while True:
        before = len(run.entries())
        parent = run.start()
        while parent.poll() is None and len(run.entries()) <= before:
            time.sleep(0.02)
        time.sleep(rng.uniform(0.0, most_seconds))
        if parent.poll() is None:
            break
        run.crashed(parent.returncode)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    time.sleep(SECONDS_TO_VANISH)
    left = run.processes()
    if left:
        sys.exit(f"{SECONDS_TO_VANISH} s after the kill there are still {left}")
    return Killed(run.entries()[before:])
