"""Runs all benchmarks of this folder, one after the other, and lists those that failed.

A benchmark is a script of this folder; new scripts are found automatically. A benchmark passes if it exits with 0
and its last line is JSON. A benchmark that fails does not stop the others.

    python benchmarks/run_all.py [--smoke] [NAME ...]
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SHORTER: Mapping[str, Sequence[str]] = {  # arguments with which a benchmark takes minutes rather than an hour
    "lanes": ("--quick",),
    "pareto": ("--searches", "2"),
    "pbt": ("--quick",),
}
MOST_SECONDS = 6 * 3600
MOST_SMOKE_SECONDS = 600  # on a slow machine that does other work too; a few seconds on one that does not


@dataclass(frozen=True, slots=True)
class Ran:
    """How a benchmark ended."""

    name: str
    seconds: float
    fault: str | None  # None where it passed


def scripts_in(folder: Path) -> list[Path]:
    """The benchmarks; the other files are modules that they import."""
    found = [path for path in sorted(folder.glob("*.py")) if '__name__ == "__main__"' in path.read_text()]
    return [path for path in found if path.resolve() != Path(__file__).resolve()]


def run(script: Path, arguments: Sequence[str], most_seconds: float) -> Ran:
    """Run a benchmark and pass its output on."""
    print(f"\n== {script.name} {' '.join(arguments)}", flush=True)
    # Without kept compiled sources each process that a benchmark starts would compile them anew, for seconds.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began, last = time.monotonic(), ""
    with subprocess.Popen(
        [sys.executable, str(script), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        too_long = threading.Timer(most_seconds, os.killpg, (process.pid, signal.SIGKILL))
        too_long.start()
        assert process.stdout is not None
        for line in process.stdout:
            last = line
            print(line, end="", flush=True)
        code = process.wait()
        too_long.cancel()
    seconds = time.monotonic() - began
    if seconds >= most_seconds:
        return Ran(script.stem, seconds, f"took longer than {most_seconds} s")
    return Ran(script.stem, seconds, f"ended with {code}" if code else fault_of_last_line(last))


def fault_of_last_line(line: str) -> str | None:
    try:
        json.loads(line)
    except ValueError:
        return f"its last line is no JSON: {line.strip()!r}"
    return None


def chosen(names: Sequence[str]) -> list[Path]:
    """The scripts of these names, all without any."""
    scripts = {script.stem: script for script in scripts_in(FOLDER)}
    if unknown := [name for name in names if name not in scripts]:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(scripts)}")
    return [scripts[name] for name in names or scripts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks; all unless given")
    parser.add_argument("--smoke", action="store_true", help="each in its smallest form: shows that it runs")
    given = parser.parse_args()
    most_seconds = MOST_SMOKE_SECONDS if given.smoke else MOST_SECONDS
    ran = []
    for script in chosen(given.names):
        arguments = ("--smoke",) if given.smoke else SHORTER.get(script.stem, ())
        ran.append(run(script, arguments, most_seconds))
    print(f"\n{'benchmark':<20}{'seconds':>9}")
    for each in ran:
        print(f"{each.name:<20}{each.seconds:>9.1f}  {each.fault or 'passed'}")
    failed = [each.name for each in ran if each.fault]
    print(json.dumps({"benchmarks": len(ran), "failed": failed}))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
