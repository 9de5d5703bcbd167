"""The trials that workers have: their last step, whether a report waits for a decision, when a limit is exceeded.

The pool makes a `RunningTrial` for each submitted trial and notes what the worker sends. The loop of the study gets
the same object from `WorkerPool.submit` and reads it. All times are monotonic.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from fxai.pool.limits import Limits
from fxai.pool.started_worker import END_SECONDS
from fxai.pool.tree_memory import TreeReading
from fxai.protocol import Cause, Decision, JsonObject, Report, TrialRequest, TrialResult
from fxai.protocol.trial_failure import failed

_MB, _GB = 1e6, 1e9


@dataclass(frozen=True, slots=True)
class Overrun:
    """A limit, and when it is exceeded."""

    at: float  # in the future if the limit is not exceeded yet
    cause: Cause
    message: str
    blamed: int | None = None  # the trial that fails; None: all trials of the worker are lost


@dataclass(slots=True, eq=False)
class RunningTrial:
    """A submitted trial, from `WorkerPool.submit` to its end or to the loss of its worker."""

    request: TrialRequest
    worker: int | None = None  # the worker that has begun the trial
    began: float | None = None  # when the worker began the trial
    submitted: float = field(default_factory=time.monotonic)
    waits: bool = False  # whether its last report waits for a decision
    decision: Decision = Decision.CONTINUE  # the last one; after PRUNE and STOP further reports count no more
    pruned_by: Report | None = None
    step: int | None = None  # step of its last report that counts
    env_steps: int = 0  # as of that report
    derived: JsonObject = field(default_factory=dict)  # as of that report
    dropped: bool = False  # the trial has failed; its lanes are free once the worker sends its end
    own_bytes_before: int = 0  # memory of the worker's own process when the trial began
    peak_bytes: int = 0  # memory of the worker with all its descendants

    @property
    def number(self) -> int:
        return self.request.number

    def begin(self, worker: int, own_bytes: int = 0) -> None:
        """Note that the worker has begun the trial; the worker's own process has `own_bytes` of memory."""
        self.worker, self.began, self.own_bytes_before = worker, time.monotonic(), own_bytes

    def reported(self, report: Report) -> None:
        """Note that the worker has sent a report, which waits for a decision."""
        self.waits = True
        if not report.passed_over and self.decision is Decision.CONTINUE:
            self.step, self.env_steps, self.derived = report.step, report.env_steps, report.derived

    def answered(self, decision: Decision) -> None:
        """Note that the decision on the last report is sent to the worker."""
        self.waits, self.decision = False, decision

    def with_reported(self, result: TrialResult) -> TrialResult:
        """The result with at least the environment steps and derived values of the trial's reports.

        The result of a trial whose worker is lost has none of its own.
        """
        usage = replace(result.usage, env_steps=max(result.usage.env_steps, self.env_steps))
        return replace(result, usage=usage, derived=result.derived or self.derived)

    def overran(self, overrun: Overrun) -> TrialResult:
        """The result of the trial, which fails because it exceeded a limit."""
        seconds = time.monotonic() - (self.began or overrun.at)
        return self.with_peak(failed(self.request, overrun.cause, overrun.message, seconds))

    def with_peak(self, result: TrialResult) -> TrialResult:
        """The result with the largest memory measured here or in the worker, which measures only its own process."""
        peak = max(result.usage.peak_memory_mb or 0.0, self.peak_bytes / _MB)
        return replace(result, usage=replace(result.usage, peak_memory_mb=peak or None))


class RunningTrials:
    """The trials of one worker by their numbers. `get` does not find dropped trials, but they still take up room."""

    def __init__(self, worker: int, limits: Limits) -> None:
        self._worker = worker
        self._limits = limits
        self._trials: dict[int, RunningTrial] = {}
        self._progressed = 0.0
        self._silent_since: float | None = None  # while a dropped trial has not ended

    def __len__(self) -> int:
        """Number of trials, dropped ones included."""
        return len(self._trials)

    @property
    def begun(self) -> bool:
        """Whether the process has begun a trial, dropped ones included."""
        return any(trial.began is not None for trial in self._trials.values())

    @property
    def current_begun(self) -> list[RunningTrial]:
        return [trial for trial in self.current.values() if trial.began is not None]

    @property
    def requests(self) -> tuple[TrialRequest, ...]:
        """The requests of the trials, dropped ones included."""
        return tuple(trial.request for trial in self._trials.values())

    @property
    def current(self) -> Mapping[int, RunningTrial]:
        return {number: trial for number, trial in self._trials.items() if not trial.dropped}

    @property
    def step(self) -> int | None:
        """The largest step of the trials' last reports."""
        return max((trial.step for trial in self.current.values() if trial.step is not None), default=None)

    def get(self, number: int) -> RunningTrial | None:
        trial = self._trials.get(number)
        return None if trial is None or trial.dropped else trial

    def add(self, trial: RunningTrial) -> None:
        self._trials[trial.number] = trial

    def progressed(self) -> None:
        """Note that the worker has sent a message. Called once the message is handled."""
        self._progressed = time.monotonic()
        dropped = any(trial.dropped for trial in self._trials.values())
        self._silent_since = self._progressed if dropped else None

    def begin(self, number: int, own_bytes: int = 0) -> bool:
        """Note that the worker has begun a trial. Returns whether the worker has a trial of that number."""
        trial = self.get(number)
        if trial is not None:
            trial.begin(self._worker, own_bytes)
        return trial is not None

    def answer(self, number: int, decision: Decision) -> bool:
        """Note the answer to a trial. Returns whether the worker has a trial of that number whose report waits."""
        trial = self.get(number)
        if trial is None or not trial.waits:
            return False
        trial.answered(decision)
        self._progressed = time.monotonic()
        return True

    def end(self, result: TrialResult) -> TrialResult | None:
        """Remove a trial and return its result. Returns None for a trial that was dropped or is not here."""
        trial = self._trials.pop(result.number, None)
        return None if trial is None or trial.dropped else trial.with_peak(result)

    def measured(self, reading: TreeReading) -> Overrun | None:
        """Note the memory of the trials. Returns the overrun of a trial that is alone and exceeds the limit.

        For a trial with processes of its own, the memory of the worker with all its descendants counts. For a trial in
        the worker's own process, the growth since the trial began counts.
        """
        begun, limit = self.current_begun, self._limits.worker_bytes
        for trial in begun:
            trial.peak_bytes = max(trial.peak_bytes, reading.total_bytes)
        if limit is None or len(begun) != 1:
            return None
        taken = reading.total_bytes - (begun[0].own_bytes_before if reading.processes == 1 else 0)
        if taken <= limit:
            return None
        message = f"took {taken / _GB:.3g} GB of memory, more than its limit of {limit / _GB:g} GB (memory_limit_gb)"
        return Overrun(time.monotonic(), Cause.OUT_OF_MEMORY, message, begun[0].number)

    def drop(self, trial: RunningTrial) -> None:
        """Ignore the trial until the worker sends its end."""
        trial.dropped = True
        self._silent_since = self._silent_since or time.monotonic()

    def take_surplus(self, width: int) -> list[RunningTrial]:
        """Remove and return the trials for which `width` lanes have no room. The first trial always has room."""
        used, surplus = 0, []
        for number, trial in list(self._trials.items()):
            used += len(trial.request.seeds)
            if used > max(width, len(trial.request.seeds)):
                surplus.append(self._trials.pop(number))
        return surplus

    def take_begun(self) -> list[RunningTrial]:
        """Remove and return the trials that the process has begun, since it ends. The others wait for the next one."""
        begun = self.current_begun
        self._trials = {number: trial for number, trial in self._trials.items() if trial.began is None}
        self._silent_since = None
        return begun

    def next_overrun(self) -> Overrun | None:
        """The limit of time that will be exceeded first."""
        return min(self._overruns(), key=lambda overrun: overrun.at, default=None)

    def _overruns(self) -> Iterator[Overrun]:
        begun = self.current_begun
        alone = begun[0].number if len(begun) == 1 else None
        if (limit := self._limits.trial_seconds) is not None:
            message = f"still running after its limit of {limit:g} s (trial_timeout)"
            for trial in begun:
                yield Overrun((trial.began or 0.0) + limit, Cause.TIME_LIMIT, message, trial.number)
        limit = self._limits.seconds_without_progress
        if limit is not None and not all(trial.waits for trial in begun):
            yield Overrun(
                self._progressed + limit, Cause.NO_PROGRESS, f"no report for {limit:g} s (progress_timeout)", alone
            )
        if self._silent_since is not None:
            message = f"no message for {END_SECONDS:g} s after a trial exceeded its limit"
            yield Overrun(self._silent_since + END_SECONDS, Cause.NO_PROGRESS, message)
