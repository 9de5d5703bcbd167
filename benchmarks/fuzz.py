"""Runs the command line on random specs, databases and custom code; each case must end with one clear message.

`python benchmarks/fuzz.py --cases 300` makes cases of four kinds from their numbers, so that they are reproducible:
specs with random changes (`fuzz_specs.py`), most of which are refused; specs with random legal values
(`fuzz_legal.py`), most of which are valid; databases with random damage (`fuzz_databases.py`); and custom code with
random reports (`fuzz_reports.py`). A case passes if its command exits with 0 or 2, or with 1 for a run that failed,
prints no traceback and fewer than 20 lines on standard error, and takes less than 10 s of CPU time and 1 GB of memory.
`--kinds legal` makes cases of that kind only.

Many cases share a process, in which `fxai` is called as the command line calls it. Workers of runs are separate
processes. A case without output for 120 s is ended and fails.
"""

import argparse
import contextlib
import io
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType

from smoke import parse

REPOSITORY = Path(__file__).parents[1]
SHARES: Mapping[str, float] = {"specs": 0.4, "legal": 0.2, "databases": 0.35, "reports": 0.05}
MOST_LINES = 20
MOST_SECONDS = 10.0  # of CPU time: the machine may have other work
MOST_MEGABYTES = 1000.0
SILENT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one case."""

    number: int
    arguments: Sequence[str]
    done: str  # what was changed
    code: int | str
    lines: int  # on standard error
    trace: str  # the end of a traceback, where there was one
    seconds: float = 0.0  # of CPU time
    megabytes: float = 0.0  # the most that the process took

    def faults(self, kind: str) -> list[str]:
        allowed = (0, 1, 2) if kind == "reports" or self.arguments[-1:] == ["--quiet"] else (0, 2)
        checks = {
            f"exit {self.code}": self.code not in allowed,
            "a traceback": bool(self.trace),
            f"{self.lines} lines": self.lines >= MOST_LINES,
            f"{self.seconds:.1f} s": self.seconds >= MOST_SECONDS,
            f"{self.megabytes:.0f} MB": self.megabytes >= MOST_MEGABYTES,
        }
        return [fault for fault, found in checks.items() if found]


def cases_of(kind: str) -> ModuleType:
    """The module of a kind of cases. Only a process that makes cases of the kind imports it: Optuna loads slowly."""
    match kind:
        case "specs":
            import fuzz_specs  # noqa: PLC0415

            return fuzz_specs
        case "legal":
            import fuzz_legal  # noqa: PLC0415

            return fuzz_legal
        case "databases":
            import fuzz_databases  # noqa: PLC0415

            return fuzz_databases
        case _:
            import fuzz_reports  # noqa: PLC0415

            return fuzz_reports


def run_case(kind: str, number: int, base: Path) -> Outcome:
    """One case in this process, in a folder of its own."""
    from fxai.cli.app import main  # noqa: PLC0415 -- the parent loads none of it

    module, rng = cases_of(kind), random.Random(number)  # noqa: S311
    out, err, trace = io.StringIO(), io.StringIO(), ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments, done = module.prepare(base, folder, rng)
        _forget_peak()
        started, sys.argv = time.process_time(), ["fxai", *arguments]
        code: int | str = 0
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            except BaseException:  # noqa: BLE001 -- whatever gets through is what is looked for
                code, trace = "exception", traceback.format_exc()
        seconds = time.process_time() - started
    said = err.getvalue()
    if "Traceback (most recent call last)" in said:
        trace = trace or said
    return Outcome(number, arguments, done, code, len(said.splitlines()), trace[-1500:], seconds, _peak())


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def serve(kind: str, first: int, last: int) -> None:
    """The cases from `first` to `last`, one line of JSON each on standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as name:
        module = cases_of(kind)
        if hasattr(module, "make_database"):
            module.make_database(Path(name))
        for number in range(first, last):
            print(json.dumps(asdict(run_case(kind, number, Path(name)))), file=answers, flush=True)


def outcomes(kind: str, first: int, last: int) -> Iterator[Outcome]:
    """The cases of a kind, from a process that is replaced after a crash or a time-out."""
    number = first
    while number < last:
        command = [sys.executable, __file__, "--serve", kind, str(number), str(last)]
        environment = os.environ | {"PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY / 'benchmarks'}"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
            for answer in _answers(process):
                yield answer
                number = answer.number + 1
        if number < last:
            yield Outcome(number, (), "", f"ended with {process.returncode}, or silent for {SILENT_SECONDS} s", 0, "")
            number += 1


def _answers(process: "subprocess.Popen[bytes]") -> Iterator[Outcome]:
    assert process.stdout is not None
    buffer = b""
    while True:
        ready, _, _ = select.select([process.stdout], [], [], SILENT_SECONDS)
        part = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not part:
            process.kill()
            return
        *lines, buffer = (buffer + part).split(b"\n")
        yield from (Outcome(**json.loads(line)) for line in lines)


@dataclass(slots=True)
class Row:
    """Results of the cases of a kind."""

    cases: int
    failed: int = 0
    seconds: float = 0.0  # of the slowest
    megabytes: float = 0.0  # of the largest
    codes: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, faults: Sequence[str]) -> None:
        self.failed += bool(faults)
        self.seconds = max(self.seconds, round(outcome.seconds, 1))
        self.megabytes = max(self.megabytes, round(outcome.megabytes))
        self.codes[str(outcome.code)] = self.codes.get(str(outcome.code), 0) + 1


def fuzz(cases: int, seed: int, kinds: Sequence[str]) -> int:
    """All cases of these kinds; prints what failed, a table and a line of JSON. How many failed."""
    whole = sum(SHARES[kind] for kind in kinds)
    rows = {kind: Row(max(1, round(cases * SHARES[kind] / whole))) for kind in kinds}
    for kind, row in rows.items():
        for each in outcomes(kind, seed, seed + row.cases):
            faults = each.faults(kind)
            row.add(each, faults)
            if faults:
                print(f"{kind} {each.number}: {', '.join(faults)}: fxai {' '.join(each.arguments)[:200]}")
                print(f"  after {each.done[:300]}\n{each.trace}", flush=True)
    print(f"{'kind':<10}{'cases':>7}{'failed':>8}{'slowest, s of CPU':>20}{'largest, MB':>13}  exit codes")
    for kind, row in rows.items():
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(row.codes.items()))
        print(f"{kind:<10}{row.cases:>7}{row.failed:>8}{row.seconds:>20}{row.megabytes:>13}  {codes}")
    failed = sum(row.failed for row in rows.values())
    print(json.dumps({"seed": seed, "failed": failed, **{kind: asdict(row) for kind, row in rows.items()}}))
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first case of each kind")
    parser.add_argument("--kinds", nargs="+", choices=list(SHARES), default=list(SHARES), help="of cases")
    parser.add_argument("--serve", nargs=3, metavar=("KIND", "FIRST", "LAST"), help=argparse.SUPPRESS)
    arguments = parse(parser, {"cases": 20})
    if arguments.serve:
        kind, first, last = arguments.serve
        serve(kind, int(first), int(last))
        return
    sys.exit(bool(fuzz(arguments.cases, arguments.seed, arguments.kinds)))


if __name__ == "__main__":
    main()
