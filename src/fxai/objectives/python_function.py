"""Custom functions as objectives, with a process per trial.

The worker has imported the function's module and forks a process for each trial. So a trial starts at once, its memory
is released at its end, and a trial that is pruned, hangs or crashes is ended with all its children. If the import has
started threads, which a fork would lose, each trial starts a new interpreter instead.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fxai.objectives.handle import Trial, load_generators, seed_libraries
from fxai.objectives.multi_seed import MultiSeed
from fxai.objectives.report_log import ReportLog
from fxai.objectives.report_parser import outcome_of
from fxai.process_tree import ProcessTrees
from fxai.protocol import (
    JsonObject,
    Objective,
    Outcome,
    Report,
    Slot,
    TrialError,
    TrialFailedError,
    TrialPaths,
    TrialRequest,
    described,
    error_of,
    failed,
)
from fxai.protocol.wire import from_line, to_line
from fxai.sigterm import ignore_sigterm

GRACE_SECONDS = 5.0  # for a function to return after it was told to end
_LOOK_SECONDS = 0.1
_KNOW_FORKS = {
    "jemalloc_bg_thd"
}  # Arrow's allocator thread, which every process with pandas has; it restarts after a fork
_YES, _NO = b"1", b"0"

Function = Callable[[Trial], Any]


@dataclass(frozen=True, slots=True)
class ProcessMessage:
    """A message of the trial's process; one of report, outcome and error is set."""

    report: Report | None = None
    outcome: Outcome | None = None
    error: TrialError | None = None
    derived: JsonObject = field(default_factory=dict)  # derived values of a trial that failed


def python_function(function: Function, process_trees: ProcessTrees) -> Objective:
    """The function as an objective, called once per seed of a trial."""
    load_generators()
    return MultiSeed(FunctionObjective(function, process_trees))


class FunctionObjective:
    """Trains a trial of one seed by calling the function: `fxai.protocol.Objective`."""

    def __init__(self, function: Function, process_trees: ProcessTrees) -> None:
        self._function = function
        self._process_trees = process_trees

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
        with contextlib.suppress(OSError):  # a function that needs the folder will report its absence
            TrialPaths(request.directory).checkpoint_dir.mkdir(parents=True, exist_ok=True)
        log = ReportLog(request)
        with TrialProcess(self._function, request, slot, self._process_trees) as process:
            for message in process.messages():
                if message.report is not None:
                    yield from log.add(message.report)
                    process.answer_continue()
                elif message.outcome is not None:
                    yield from log.before(float("inf"))
                    return message.outcome
                elif message.error is not None:
                    raise TrialFailedError(message.error, message.derived)
        raise failed(f"the trial's process {process.end}")


class TrialProcess:
    """The process of one trial; the exit of the context ends the process and all its descendants."""

    def __init__(self, function: Function, request: TrialRequest, slot: Slot, process_trees: ProcessTrees) -> None:
        kind = get_context("fork").Process if _may_fork() else get_context("spawn").Process
        if kind is SpawnProcess:
            ensure_running()  # the resource tracker is shared by all spawned processes and is not part of the trial
        self._process_trees = process_trees
        process_trees.prepare()
        self._line, far_end = Pipe()
        self._process = kind(target=_run, args=(function, request, slot, far_end, self._line))
        sys.stdout.flush()
        sys.stderr.flush()
        self._process.start()
        if self._process.pid is None:
            raise RuntimeError("the trial's process has no id")
        self._pid = self._process.pid
        process_trees.add(self._pid)
        far_end.close()

    def messages(self) -> Iterator[ProcessMessage]:
        """The messages of the process, until it has ended."""
        while True:
            alive = self._process.is_alive()  # checked before reading, so that no message before the end is missed
            if self._line.poll(_LOOK_SECONDS if alive else 0):
                try:
                    yield from_line(ProcessMessage, self._line.recv_bytes())
                except (EOFError, OSError):  # the process was killed within a message
                    return
            elif not alive:
                return

    def answer_continue(self) -> None:
        self._line.send_bytes(_YES)

    @property
    def end(self) -> str:
        """How the process ended."""
        self._process.join(_LOOK_SECONDS)
        return described(self._process.exitcode)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is GeneratorExit:
            self._tell_to_end()
        if kind in {None, GeneratorExit}:
            self._process.join(GRACE_SECONDS)
        self._process_trees.end(self._pid, lambda: not self._process.is_alive(), grace=0.0)
        self._line.close()

    def _tell_to_end(self) -> None:
        try:
            self._line.send_bytes(_NO)
        except OSError:
            return


def _may_fork() -> bool:
    """Whether this process has no thread that a fork would lose. Threads of libraries are visible on Linux only."""
    if sys.platform != "linux":
        return False
    names = [task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")]
    return len([name for name in names if name not in _KNOW_FORKS]) == 1


class _ToWorker:
    """The trial's end of the line."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def tell(self, report: Report) -> bool:
        self._line.send_bytes(to_line(ProcessMessage(report=report)))
        return self._line.recv_bytes() == _YES


def _run(function: Function, request: TrialRequest, slot: Slot, line: Connection, other_end: Connection) -> None:
    """Main function of the trial's process."""
    os.setsid()  # child processes are found by their session
    ignore_sigterm()
    other_end.close()
    trial = Trial(request, slot, _ToWorker(line))
    os.chdir(request.folder or ".")
    seed_libraries(request.seed)
    try:
        outcome = outcome_of(function(trial), trial.last, request)
        message = ProcessMessage(outcome=replace(outcome, derived=trial.derived))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the failure is sent as a message
        message = ProcessMessage(error=error_of(error), derived=trial.derived)
    line.send_bytes(to_line(message))
