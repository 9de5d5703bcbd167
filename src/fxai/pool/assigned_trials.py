"""The trials that a worker has: how far they are, and when a limit is passed. All times are monotonic."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fxai.pool.limits import Limits
from fxai.pool.tree_memory import TreeReading
from fxai.pool.worker_process import END_SECONDS
from fxai.protocol import Cause, Report, TrialRequest, TrialResult
from fxai.protocol.trial_failure import failed

_MB, _GB = 1e6, 1e9


@dataclass(frozen=True, slots=True)
class Overrun:
    """A limit, and when it is passed."""

    at: float
    cause: Cause
    message: str
    blamed: int | None = None  # the trial that fails with it; None: all trials of the worker are lost


@dataclass(slots=True)
class AssignedTrial:
    request: TrialRequest
    began: float | None = None  # once the worker has started it
    awaits_answer: bool = False
    dropped: bool = False  # it has failed; its lanes are free once the worker tells its end
    step: int | None = None
    own_before: int = 0  # bytes of the worker's process when it began
    peak_bytes: int = 0  # of the worker with all processes below it

    @property
    def number(self) -> int:
        return self.request.number

    def overran(self, overrun: Overrun) -> TrialResult:
        seconds = time.monotonic() - (self.began or overrun.at)
        return self.with_peak(failed(self.request, overrun.cause, overrun.message, seconds))

    def with_peak(self, result: TrialResult) -> TrialResult:
        """The result with the most memory that was measured: the worker knows that of its own process alone."""
        peak = max(result.usage.peak_memory_mb or 0.0, self.peak_bytes / _MB)
        return replace(result, usage=replace(result.usage, peak_memory_mb=peak or None))


class AssignedTrials:
    """Trials by their number; those that were dropped are not found any more, yet take up room."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._trials: dict[int, AssignedTrial] = {}
        self._progressed = 0.0
        self._unheard_since: float | None = None  # with a trial dropped that has not ended yet

    def __len__(self) -> int:
        """With those that were dropped."""
        return len(self._trials)

    @property
    def begun(self) -> bool:
        """Whether the process has begun any, those that were dropped included."""
        return any(trial.began is not None for trial in self._trials.values())

    @property
    def current_begun(self) -> list[AssignedTrial]:
        return [trial for trial in self.current.values() if trial.began is not None]

    @property
    def requests(self) -> tuple[TrialRequest, ...]:
        """With those that were dropped."""
        return tuple(trial.request for trial in self._trials.values())

    @property
    def current(self) -> Mapping[int, AssignedTrial]:
        return {number: trial for number, trial in self._trials.items() if not trial.dropped}

    @property
    def step(self) -> int | None:
        """Of the trial that is farthest."""
        return max((trial.step for trial in self.current.values() if trial.step is not None), default=None)

    def get(self, number: int) -> AssignedTrial | None:
        trial = self._trials.get(number)
        return None if trial is None or trial.dropped else trial

    def add(self, request: TrialRequest) -> None:
        self._trials[request.number] = AssignedTrial(request)

    def heard(self) -> None:
        """The worker has said something; to be called once its line is worked in."""
        self._progressed = time.monotonic()
        dropped = any(trial.dropped for trial in self._trials.values())
        self._unheard_since = self._progressed if dropped else None

    def begin(self, number: int, own_bytes: int = 0) -> bool:
        """False for a trial that is not here; so for the others. `own_bytes` has the worker's process."""
        trial = self.get(number)
        if trial is not None:
            trial.began = time.monotonic()
            trial.own_before = own_bytes
        return trial is not None

    def report(self, report: Report) -> bool:
        trial = self.get(report.number)
        if trial is not None:
            trial.step = trial.step if report.passed_over else report.step
            trial.awaits_answer = True
        return trial is not None

    def answer(self, number: int) -> bool:
        trial = self.get(number)
        if trial is None or not trial.awaits_answer:
            return False
        trial.awaits_answer = False
        self._progressed = time.monotonic()
        return True

    def end(self, result: TrialResult) -> TrialResult | None:
        """The result as it counts; None for a trial that is not here."""
        trial = self._trials.pop(result.number, None)
        return None if trial is None or trial.dropped else trial.with_peak(result)

    def measured(self, reading: TreeReading) -> Overrun | None:
        """Note what the trials take; the overrun of one that is alone and beyond the limit.

        Of a trial that has processes of its own, the worker with all of them counts. In the worker's own process
        counts what it has grown by since the trial began: the rest is not the trial's.
        """
        begun, limit = self.current_begun, self._limits.worker_bytes
        for trial in begun:
            trial.peak_bytes = max(trial.peak_bytes, reading.total_bytes)
        if limit is None or len(begun) != 1:
            return None
        taken = reading.total_bytes - (begun[0].own_before if reading.processes == 1 else 0)
        if taken <= limit:
            return None
        message = f"took {taken / _GB:.3g} GB of memory, beyond its limit of {limit / _GB:g} GB (memory_limit_gb)"
        return Overrun(time.monotonic(), Cause.OUT_OF_MEMORY, message, begun[0].number)

    def drop(self, trial: AssignedTrial) -> None:
        """Wait for no more of it than its end."""
        trial.dropped = True
        self._unheard_since = self._unheard_since or time.monotonic()

    def take_surplus(self, width: int) -> list[TrialRequest]:
        """Those for which so many lanes have no room; they are this worker's no more. The first has room."""
        used, surplus = 0, []
        for number, trial in list(self._trials.items()):
            used += len(trial.request.seeds)
            if used > max(width, len(trial.request.seeds)):
                surplus.append(self._trials.pop(number).request)
        return surplus

    def take_begun(self) -> list[AssignedTrial]:
        """Those that a process has begun, now that it is given up; the others wait for the next one."""
        begun = self.current_begun
        self._trials = {number: trial for number, trial in self._trials.items() if trial.began is None}
        self._unheard_since = None
        return begun

    def next_overrun(self) -> Overrun | None:
        return min(self._overruns(), key=lambda overrun: overrun.at, default=None)

    def _overruns(self) -> Iterator[Overrun]:
        begun = self.current_begun
        alone = begun[0].number if len(begun) == 1 else None
        if (limit := self._limits.trial_seconds) is not None:
            message = f"still running after its limit of {limit:g} s (trial_timeout)"
            for trial in begun:
                yield Overrun((trial.began or 0.0) + limit, Cause.TIME_LIMIT, message, trial.number)
        limit = self._limits.seconds_without_progress
        if limit is not None and not all(trial.awaits_answer for trial in begun):
            yield Overrun(
                self._progressed + limit, Cause.NO_PROGRESS, f"no report for {limit:g} s (progress_timeout)", alone
            )
        if self._unheard_since is not None:
            message = f"no word for {END_SECONDS:g} s after a trial passed its limit"
            yield Overrun(self._unheard_since + END_SECONDS, Cause.NO_PROGRESS, message)
