"""One worker of the process pool: a slot, the process in it, and the trials that it has."""

import selectors
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from fxai.errors import FxaiError, InputError
from fxai.formatting import short_cause
from fxai.pool.contract import Activity, TrialStarted, WorkerEvent, WorkerLost
from fxai.pool.dispatcher import WorkerCapacity
from fxai.pool.limits import Limits
from fxai.pool.out_of_memory import out_of_memory_kills
from fxai.pool.running_trials import Overrun, RunningTrial, RunningTrials
from fxai.pool.started_worker import END_SECONDS, StartedWorker
from fxai.pool.tree_memory import TreeMemory
from fxai.pool.worker_lost import describe_loss
from fxai.pool.worker_process import WorkerProcess
from fxai.protocol import Cause, Decision, LanePlan, Slot, TrialError, TrialPaths, TrialRequest, TrialResult, described
from fxai.protocol.trial_failure import log_failure
from fxai.protocol.worker_messages import DecisionMessage, ParentMessage, WorkerMessage
from fxai.spec.fields.objective import FX_TRADING, LLM_SIGNAL

START_SECONDS = 120.0  # limit for a new process to be ready; it may import torch from a slow disk and measure widths
MODEL_SECONDS = 3600.0  # the limit for a process that loads a language model, which may be downloaded or converted
START_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.25  # after a failed start; doubled after each further one
LOG_END_BYTES = 2000


def start_limit(plan: LanePlan | None) -> float:
    """Seconds in which a new process for this plan has to be ready."""
    return MODEL_SECONDS if plan is not None and plan.objective == LLM_SIGNAL else START_SECONDS


class Phase(Enum):
    """Phase of a slot's process."""

    PAUSED = auto()  # there is no process, since the last one failed to start
    STARTING = auto()
    READY = auto()
    ENDING = auto()  # the process was told to end; a new one follows


@dataclass(slots=True)
class ProcessState:
    """State of one process of the slot. Each process has a new one."""

    was_ready: bool = False
    draining: bool = False  # the process takes no further trial and ends after its last
    width: int = 1
    overrun: Overrun | None = None  # the exceeded limit because of which the process is ended
    failure: TrialError | None = None  # the exception of its lanes
    given_up: list[RunningTrial] = field(default_factory=list)  # trials that it had begun when it was told to end


class WorkerSlot:
    """A slot of the pool: starts a worker process, replaces it when it ends, and yields the events of its trials.

    Trials that are submitted while the process starts wait for it. They are not counted as lost if the start fails.
    The pool's `selector` returns this object whenever `events` may have some.
    """

    def __init__(
        self,
        slot: Slot,
        limits: Limits,
        log: Path,
        plan: LanePlan | None,
        selector: selectors.BaseSelector,
        *,
        host: str = "",
        started: StartedWorker | None = None,
    ) -> None:
        """Take the started worker, or start one. `host` names this machine in messages, if there are several."""
        self.slot = slot
        self._where = f" on host {host}" if host else ""
        self._limits = limits
        self._log = log
        self._plan = plan
        self._selector = selector
        self._trials = RunningTrials(slot.index, limits)
        # FxAI's agents have no processes of their own. Without a limit, the worker's own readings suffice for them.
        self._watches_memory = limits.worker_bytes is not None or plan is None or plan.objective != FX_TRADING
        self._memory: TreeMemory | None = None  # of the process that is ready, if its memory is measured
        self._surplus: list[RunningTrial] = []
        self._failed_starts = 0
        self._kills_before = 0
        self._process: WorkerProcess | None = None
        self._state = ProcessState()
        self._phase, self._phase_ends_at = Phase.PAUSED, 0.0
        self._start(started)

    @property
    def capacity(self) -> WorkerCapacity:
        """Its trials and the lanes for them: of the process that is ready, otherwise of the next process."""
        if self._phase is Phase.READY:
            return WorkerCapacity(self._trials.requests, self._state.width, open=not self._state.draining)
        return WorkerCapacity(self._trials.requests)

    def submit(self, trial: RunningTrial) -> None:
        if not self._trials:
            self._kills_before = out_of_memory_kills()
        self._trials.add(trial)
        if self._process is not None and self._phase is Phase.READY:
            self._process.send(ParentMessage(request=trial.request))

    def take_surplus(self) -> Sequence[RunningTrial]:
        """Remove and return the trials for which the process turned out to have no room."""
        surplus, self._surplus = self._surplus, []
        return surplus

    def answer(self, number: int, decision: Decision) -> None:
        if self._process is not None and self._trials.answer(number, decision):
            self._process.send(ParentMessage(answer=DecisionMessage(number, decision)))

    def activity(self) -> Activity:
        return Activity(self.slot.index, self.slot.device, tuple(self._trials.current), self._trials.step)

    def events(self) -> Iterator[WorkerEvent]:
        """The events of the messages since the last call, and of the end of the process."""
        process = self._process
        if process is None:
            return
        process.poll()
        for message in process.messages():
            if self._phase is Phase.STARTING:
                self._on_ready(message)
            elif self._phase is Phase.READY:  # later messages are ignored
                yield from self._started(message)
                for report in message.reports:
                    if (trial := self._trials.get(report.number)) is not None:
                        trial.reported(report)
                        yield report
                yield from self._after_reports(message)
        if process.ended:
            yield from self._on_end(process.exit_code)

    def deadline(self) -> float | None:
        """Time of the next due work of `keep_time`, as `time.monotonic`. None if there is none."""
        if self._phase is not Phase.READY:
            return self._phase_ends_at
        overrun = self._trials.next_overrun()
        reading = self._memory.due if self._memory is not None and self._trials.begun else None
        return min((at for at in (reading, None if overrun is None else overrun.at) if at is not None), default=None)

    def keep_time(self) -> Iterator[WorkerEvent]:
        """Start a process that is due, or end a process that has exceeded a limit."""
        deadline = self.deadline()
        if deadline is None or time.monotonic() < deadline:
            return
        if self._phase is Phase.READY:
            yield from self._keep_limits()
        elif self._process is None:
            self._start()
        elif self._phase is Phase.ENDING:
            self._process.abandon()
            yield from self.events()
        elif self._phase is Phase.STARTING:
            self._end_process(with_traceback=True)

    def _keep_limits(self) -> Iterator[WorkerEvent]:
        """Read the memory, and end a trial or a process that has exceeded a limit."""
        overrun = None if self._memory is None else self._trials.measured(self._memory.regular_reading())
        overrun = overrun or self._trials.next_overrun()
        if overrun is not None and time.monotonic() >= overrun.at:
            yield from self._on_overrun(overrun)

    def end(self) -> None:
        """Have the process ended. `events` is not called any more after that."""
        if self._process is not None:
            self._process.end()

    def wait(self) -> None:
        """Wait until the process and its descendants have ended."""
        if self._process is not None:
            self._process.wait()

    def _start(self, started: StartedWorker | None = None) -> None:
        self._process = None
        self._state = ProcessState()
        self._enter(Phase.STARTING, start_limit(self._plan))
        try:
            started = started or StartedWorker(self.slot, "" if self._plan is None else self._plan.objective)
            self._process = WorkerProcess(started, self._log, self._plan, self._selector, self)
        except OSError as error:
            self._on_failed_start(f"the operating system cannot start its process: {error}")

    def _enter(self, phase: Phase, seconds: float = 0.0) -> None:
        self._phase = phase
        self._phase_ends_at = time.monotonic() + seconds

    def _end_process(self, *, with_traceback: bool = False) -> None:
        """End the process and give up its trials. Trials submitted after this are for the next process."""
        self._state.given_up = self._trials.take_begun()
        self._enter(Phase.ENDING, END_SECONDS)
        if self._process is not None:
            self._process.end(with_traceback=with_traceback)

    def _on_ready(self, message: WorkerMessage) -> None:
        if message.failure is not None:
            objective = "" if self._plan is None else self._plan.objective
            begins = "cannot be imported" if ":" in objective else "cannot train"
            failed = f"the objective {objective} {begins}{self._where}: {message.failure.message}"
            raise InputError(short_cause(f"{failed} (log: {self._log})"))
        self._enter(Phase.READY)
        self._state.was_ready = True
        self._state.width = message.width
        self._failed_starts = 0
        self._memory = TreeMemory(message.pid, self._limits.worker_bytes) if self._watches_memory else None
        self._kills_before = out_of_memory_kills()
        self._surplus.extend(self._trials.take_surplus(message.width))
        for request in self._trials.requests:
            if self._process is not None:
                self._process.send(ParentMessage(request=request))

    def _started(self, message: WorkerMessage) -> Iterator[WorkerEvent]:
        self._state.width = message.width
        own_bytes = self._memory.own_bytes() if self._memory is not None and message.started else 0
        for number in message.started:
            if self._trials.begin(number, own_bytes):
                yield TrialStarted(number, self.slot.index)

    def _after_reports(self, message: WorkerMessage) -> Iterator[WorkerEvent]:
        state = self._state
        if message.reports and self._memory is not None and not self._memory.was_read_recently:
            self._trials.measured(self._memory.read())
        for result in message.results:
            if (ended := self._trials.end(result)) is not None:
                yield ended
        self._trials.progressed()
        state.draining = state.draining or not message.fit or self._is_too_large(message.resident_bytes)
        state.failure = message.failure
        if message.failure is not None or (state.draining and not self._trials.begun):
            self._end_process()

    def _is_too_large(self, resident_bytes: int) -> bool:
        return self._limits.worker_bytes is not None and resident_bytes > self._limits.worker_bytes

    def _on_overrun(self, overrun: Overrun) -> Iterator[WorkerEvent]:
        """Drop the trial that has exceeded a limit, or end the process if the trial is alone or not known."""
        blamed = None if overrun.blamed is None else self._trials.get(overrun.blamed)
        if blamed is None or self._process is None or len(self._trials.current_begun) == 1:
            self._state.overrun = overrun
            # The trial would allocate more memory while the tracebacks are written.
            self._end_process(with_traceback=overrun.cause is not Cause.OUT_OF_MEMORY)
            return
        self._trials.drop(blamed)
        self._process.send(ParentMessage(answer=DecisionMessage(blamed.number, Decision.PRUNE)))
        yield self._failed(blamed, overrun)

    def _on_end(self, exit_code: int | None) -> Iterator[WorkerEvent]:
        self._process, state = None, self._state
        if not state.was_ready:
            self._on_failed_start(f"it {described(exit_code)}")
            return
        if self._phase is Phase.READY:
            yield self._lost(exit_code, self._trials.take_begun())
        elif state.overrun is not None and state.overrun.blamed is not None:
            for trial in state.given_up:
                yield self._failed(trial, state.overrun)
        elif state.overrun is not None or state.failure is not None:
            yield self._lost(exit_code, state.given_up)
        self._start()

    def _failed(self, trial: RunningTrial, overrun: Overrun) -> TrialResult:
        result = trial.overran(overrun)
        if result.error is not None:
            log_failure(trial.request, result.error)
        return result

    def _lost(self, exit_code: int | None, trials: Sequence[RunningTrial]) -> WorkerLost:
        cause, reason = Cause.WORKER_LOST, described(exit_code)
        overrun, failure = self._state.overrun, self._state.failure
        if overrun is not None:
            cause, reason = overrun.cause, f"was ended: {overrun.message}"
        elif failure is not None:
            cause = Cause.OUT_OF_MEMORY if failure.cause is Cause.OUT_OF_MEMORY else Cause.WORKER_LOST
            reason = f"ended with {failure.message}"
        elif self._was_killed_for_memory(exit_code):
            cause, reason = Cause.OUT_OF_MEMORY, f"{reason} because the machine's memory ran out"
        requests = [trial.request for trial in trials]
        return describe_loss(self.slot.index, cause, reason, requests, self._log_of(requests), where=self._where)

    def _was_killed_for_memory(self, exit_code: int | None) -> bool:
        return exit_code == -signal.SIGKILL and out_of_memory_kills() > self._kills_before

    def _log_of(self, requests: Sequence[TrialRequest]) -> Path:
        """The log with the output of these trials."""
        if len(requests) == 1 and self._state.width < 2 * len(requests[0].seeds):
            return TrialPaths(requests[0].directory).log
        return self._log

    def _on_failed_start(self, reason: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= START_ATTEMPTS:
            log = short_cause(f"{_last_line_of(self._log)} (log: {self._log})")
            raise FxaiError(
                f"Worker {self.slot.index}{self._where} does not start: {reason}, "
                f"{self._failed_starts} times in a row; its log ends with: {log}"
            )
        self._enter(Phase.PAUSED, FIRST_PAUSE_SECONDS * 2 ** (self._failed_starts - 1))


def _last_line_of(log: Path) -> str:
    """The last line of a log. For a traceback this is the exception."""
    try:
        text = log.read_bytes()[-LOG_END_BYTES:].decode(errors="replace")
    except OSError as error:
        return f"(it cannot be read: {error})"
    return next(iter(text.strip().splitlines()[-1:]), "nothing")
