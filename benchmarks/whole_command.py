"""Measures the whole command `fxai run --spec quick_search`, of this working tree and of an earlier commit in turns.

Each run is in an empty folder. Each tree has a home of its own, in which a short run before the first round compiles
the loops. Start is until the first trial begins, end is after the line that the files are written. The processor time
is that of the command and all its workers. Without `--before` only this tree runs.

    python benchmarks/whole_command.py [--before ff16f75] [--rounds 2] [--settings KEY=VALUE ...] [--smoke]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from smoke import parse

REPOSITORY = Path(__file__).parents[1]
WARMING = ("n_trials=4", "training.total_updates=2", "training.eval_frequency=1")
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Tree:
    """A working tree of FxAI."""

    name: str
    folder: Path
    home: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of a user who has nothing but this tree."""
        left_out = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "XDG_CACHE_HOME", "XDG_STATE_HOME", "PYTHONPATH"}
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        return {**kept, "HOME": str(self.home), "PYTHONPATH": str(self.folder / "src")}


@dataclass(frozen=True, slots=True)
class WholeRun:
    """One run of the command."""

    seconds: float
    processor_seconds: float
    start: float
    end: float
    study_megabytes: float  # of the study's folder


def run(tree: Tree, settings: Sequence[str]) -> WholeRun:
    """Run the command in an empty folder."""
    command = [sys.executable, "-u", "-m", "fxai", "run", "--spec", "quick_search"]
    command += [f"--set={each}" for each in settings]
    before, began = _processor_seconds(), time.monotonic()
    start = writing = 0.0
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(command, cwd=folder, env=tree.environment, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                seconds = time.monotonic() - began
                start = start or (seconds if " began" in line else 0.0)
                writing = seconds if "Writing the study's files" in line else writing
        seconds = time.monotonic() - began
        if process.returncode:
            sys.exit(f"the run of {tree.name} failed with exit code {process.returncode}")
        files = [path for path in Path(folder).glob("optuna_results/*/**/*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / MEGABYTE
    return WholeRun(seconds, _processor_seconds() - before, start, seconds - writing, size)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def trees(before: str | None) -> Iterator[list[Tree]]:
    """This tree, and before it a checkout of the earlier commit."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        found = [Tree("now", REPOSITORY, scratch / "home_now")]
        if before is not None:
            checkout = scratch / "before"
            _git("worktree", "add", "--detach", str(checkout), before)
            found.insert(0, Tree(before, checkout, scratch / "home_before"))
        for tree in found:
            tree.home.mkdir()
        try:
            yield found
        finally:
            if before is not None:
                _git("worktree", "remove", "--force", str(checkout))


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(REPOSITORY), *arguments], check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="COMMIT", help="the earlier commit; only this tree unless given")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--settings", nargs="*", default=[], metavar="KEY=VALUE", help="settings of shorter runs")
    arguments = parse(parser, {"rounds": 1, "settings": [*WARMING, "confirm=off", "verdict=off"]})
    runs: dict[str, list[WholeRun]] = {}
    with trees(arguments.before) as compared:
        for tree in [] if arguments.smoke else compared:
            run(tree, WARMING)
        print(f"{'tree':10} {'seconds':>8} {'processor':>10} {'start':>7} {'end':>7} {'MB':>6}")
        for _ in range(arguments.rounds):
            for tree in compared:
                found = run(tree, arguments.settings)
                runs.setdefault(tree.name, []).append(found)
                times = f"{found.seconds:8.1f} {found.processor_seconds:10.1f} {found.start:7.1f} {found.end:7.1f}"
                print(f"{tree.name:10} {times} {found.study_megabytes:6.1f}", flush=True)
    medians = {name: statistics.median(each.seconds for each in found) for name, found in runs.items()}
    result = {"seconds": round(medians["now"], 2)}
    if arguments.before is not None:
        result["of_before"] = round(medians["now"] / medians[arguments.before], 3)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
