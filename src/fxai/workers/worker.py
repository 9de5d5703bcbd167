"""One worker of the process pool: a slot, the process in it, and the trial that it has."""

import selectors
import signal
import time
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path

from fxai.errors import FxaiError
from fxai.trial import Cause, Decision, Slot, TrialPaths, TrialRequest
from fxai.workers.assigned_trial import AssignedTrial, Overrun
from fxai.workers.contract import Activity, TrialEnded, TrialReported, TrialStarted, WorkerEvent, WorkerLost
from fxai.workers.limits import Limits
from fxai.workers.messages import Answer, WorkerLine
from fxai.workers.out_of_memory import out_of_memory_kills
from fxai.workers.worker_process import END_SECONDS, WorkerProcess

START_SECONDS = 120.0  # until a new process is ready: it may import torch from a slow disk
START_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.25  # after a failed start; doubled after each further one
LOG_END_BYTES = 2000


class Phase(Enum):
    """What is true of a worker's process."""

    PAUSED = auto()  # none: the last one failed to start
    STARTING = auto()
    READY = auto()
    ENDING = auto()  # told to end; a new one follows


class Worker:
    """Keeps a slot occupied by a living process, whatever becomes of it, and says what happened.

    A trial that is submitted while the process starts waits for it, and is not blamed for a start that
    fails. The pool's `selector` shows this worker whenever `news` may have some.
    """

    def __init__(
        self, slot: Slot, limits: Limits, log: Path, preload: tuple[str, ...], selector: selectors.BaseSelector
    ) -> None:
        self.slot = slot
        self._limits = limits
        self._log = log
        self._preload = preload
        self._selector = selector
        self._trial: AssignedTrial | None = None
        self._overrun: Overrun | None = None
        self._failed_starts = 0
        self._kills_before = 0
        self._start()

    @property
    def trial(self) -> int | None:
        return None if self._trial is None else self._trial.number

    def submit(self, request: TrialRequest) -> None:
        self._trial = AssignedTrial(request)
        if self._phase is Phase.READY:
            self._send_request()

    def answer(self, decision: Decision) -> None:
        if self._process is not None and self._trial is not None and self._trial.awaits_answer:
            self._trial.answered()
            self._process.send(Answer(decision))

    def activity(self) -> Activity:
        trials, step = ((), None) if self._trial is None else ((self._trial.number,), self._trial.step)
        return Activity(self.slot.index, self.slot.device, trials, step)

    def news(self) -> Iterator[WorkerEvent]:
        """What the process has said since the last call, and what became of it."""
        process = self._process
        if process is None:
            return
        process.look()
        for line in process.lines():
            yield from self._on_line(line)
        if process.ended:
            yield from self._on_end(process.exit_code)

    def deadline(self) -> float | None:
        """When `keep_time` next has something to do."""
        if self._phase is Phase.READY:
            overrun = None if self._trial is None else self._trial.next_overrun(self._limits)
            return None if overrun is None else overrun.at
        return self._phase_ends_at

    def keep_time(self) -> Iterator[WorkerEvent]:
        """Start a process that is due, end one that has passed a limit."""
        deadline = self.deadline()
        if deadline is None or time.monotonic() < deadline:
            return
        if self._process is None:
            self._start()
        elif self._phase is Phase.ENDING:
            self._process.abandon()
            yield from self.news()
        else:
            if self._phase is Phase.READY and self._trial is not None:
                self._overrun = self._trial.next_overrun(self._limits)
            self._end_process(with_traceback=True)

    def end(self) -> None:
        """Have the process ended; nobody asks for news of it any more."""
        if self._process is not None:
            self._process.end()

    def wait(self) -> None:
        """Wait until the process and its descendants are gone."""
        if self._process is not None:
            self._process.wait()

    def _start(self) -> None:
        self._process: WorkerProcess | None = None
        self._was_ready = False
        self._enter(Phase.STARTING, START_SECONDS)
        try:
            self._process = WorkerProcess(self.slot, self._log, self._preload, self._selector, self)
        except OSError as error:
            self._on_failed_start(f"its process could not be started: {error}")

    def _enter(self, phase: Phase, seconds: float = 0.0) -> None:
        self._phase = phase
        self._phase_ends_at = time.monotonic() + seconds

    def _end_process(self, *, with_traceback: bool = False) -> None:
        self._enter(Phase.ENDING, END_SECONDS)
        if self._process is not None:
            self._process.end(with_traceback=with_traceback)

    def _send_request(self) -> None:
        if self._process is not None and self._trial is not None:
            self._kills_before = out_of_memory_kills()
            self._process.send(self._trial.request)

    def _on_line(self, line: WorkerLine) -> Iterator[WorkerEvent]:
        if self._phase is Phase.STARTING:
            self._enter(Phase.READY)
            self._was_ready = True
            self._failed_starts = 0
            self._send_request()
        elif self._trial is None or self._phase is Phase.ENDING:
            return  # it came too late
        elif line.result is not None:
            self._trial = None
            if not line.fit or self._is_too_large(line.resident_bytes):
                self._end_process()
            yield TrialEnded(line.result)
        elif line.report is not None:
            self._trial.report(line.report)
            yield TrialReported(line.report)
        else:
            self._trial.begin()
            yield TrialStarted(self._trial.number, self.slot.index)

    def _is_too_large(self, resident_bytes: int) -> bool:
        return self._limits.worker_bytes is not None and resident_bytes > self._limits.worker_bytes

    def _on_end(self, exit_code: int | None) -> Iterator[WorkerEvent]:
        self._process = None
        if not self._was_ready:
            self._on_failed_start(f"it {_described(exit_code)}")
            return
        if self._phase is Phase.READY:
            yield self._lost(exit_code)
        elif self._overrun is not None and self._trial is not None:
            yield TrialEnded(self._trial.overran(self._overrun))
            self._trial = self._overrun = None
        self._start()

    def _lost(self, exit_code: int | None) -> WorkerLost:
        trial, self._trial = self._trial, None
        if trial is None:
            message = f"worker {self.slot.index} {_described(exit_code)} while it was idle (log: {self._log})"
            return WorkerLost(self.slot.index, Cause.WORKER_LOST, message, ())
        cause, reason = Cause.WORKER_LOST, ""
        if exit_code == -signal.SIGKILL and out_of_memory_kills() > self._kills_before:
            cause, reason = Cause.OUT_OF_MEMORY, " because the machine's memory ran out"
        log = TrialPaths(trial.request.directory).log
        message = f"worker {self.slot.index} {_described(exit_code)}{reason} during trial {trial.number} (log: {log})"
        return WorkerLost(self.slot.index, cause, message, (trial.number,))

    def _on_failed_start(self, reason: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= START_ATTEMPTS:
            raise FxaiError(
                f"Worker {self.slot.index} does not start: {reason}, {self._failed_starts} times in a row. "
                f"The end of its log {self._log}:\n{_end_of(self._log)}"
            )
        self._enter(Phase.PAUSED, FIRST_PAUSE_SECONDS * 2 ** (self._failed_starts - 1))


def _described(exit_code: int | None) -> str:
    if exit_code is None:
        return "was lost together with the process that kept it"
    if exit_code < 0:
        return f"was killed by {signal.Signals(-exit_code).name}"
    return f"exited with status {exit_code}"


def _end_of(log: Path) -> str:
    try:
        return log.read_bytes()[-LOG_END_BYTES:].decode(errors="replace").strip()
    except OSError as error:
        return f"(it cannot be read: {error})"
