"""Trials in this process: for tests and for debugging an objective."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from fxai.errors import FxaiError
from fxai.trial import Decision, Report, Slot, TrialPaths, TrialRequest, TrialResult
from fxai.workers.contract import Activity, TrialEnded, TrialReported, TrialStarted, WorkerEvent
from fxai.workers.keeper import BoundedLog
from fxai.workers.running_trial import RunningTrial

ONE_SLOT = (Slot(0),)


class _LoggedTrial:
    """A trial whose prints go to its log instead of the parent's terminal."""

    def __init__(self, request: TrialRequest, slot: Slot) -> None:
        self.number = request.number
        self.slot = slot
        self.step: int | None = None
        self.decision: Decision | None = Decision.CONTINUE  # None: a report waits for its answer
        self._log = TrialPaths(request.directory).log
        self._trial = RunningTrial(request, slot)

    def advance(self) -> Report | TrialResult:
        decision, self.decision = self.decision or Decision.STOP, None
        with contextlib.closing(BoundedLog(self._log)) as log, _printing_to(_LogStream(log)):
            step = self._trial.advance(decision)
        if isinstance(step, Report):
            self.step = step.step
        return step


class InlineWorkers:
    """Runs each trial inside `events`, one evaluation at a time; slots take turns.

    Nothing here can outlive a trial that hangs or ends the process, and limits do not apply: that is
    what `ProcessWorkers` is for.
    """

    def __init__(self, slots: Sequence[Slot] = ONE_SLOT) -> None:
        self._slots = tuple(slots)
        self._trials: dict[int, _LoggedTrial] = {}
        self._started: list[TrialStarted] = []
        self._closed = False

    @property
    def free_slots(self) -> int:
        return 0 if self._closed else len(self._slots) - len(self._trials)

    def submit(self, request: TrialRequest) -> None:
        if not self.free_slots:
            raise FxaiError(f"Trial {request.number} was submitted to a pool without a free slot.")
        taken = {trial.slot.index for trial in self._trials.values()}
        slot = next(slot for slot in self._slots if slot.index not in taken)
        self._trials[request.number] = _LoggedTrial(request, slot)
        self._started.append(TrialStarted(request.number, slot.index))

    def events(self, timeout: float) -> Sequence[WorkerEvent]:  # noqa: ARG002  # nothing happens while one waits
        if self._started:
            started, self._started = self._started, []
            return started
        answered = (trial for trial in self._trials.values() if trial.decision is not None)
        trial = next(answered, None)
        return () if trial is None else (self._advance(trial),)

    def answer(self, number: int, decision: Decision) -> None:
        if (trial := self._trials.get(number)) is not None:
            trial.decision = decision

    def activity(self) -> Sequence[Activity]:
        running = {trial.slot.index: trial for trial in self._trials.values()}
        return [_activity(slot, running.get(slot.index)) for slot in self._slots]

    def close(self) -> None:
        self._closed = True
        for trial in self._trials.values():
            trial.decision = Decision.STOP
            trial.advance()
        self._trials.clear()
        self._started.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _advance(self, trial: _LoggedTrial) -> WorkerEvent:
        step = trial.advance()
        del self._trials[trial.number]
        if isinstance(step, TrialResult):
            return TrialEnded(step)
        self._trials[trial.number] = trial  # now the last in turn
        return TrialReported(step)


class _LogStream(io.TextIOBase):
    """A text stream into a bounded log."""

    def __init__(self, log: BoundedLog) -> None:
        self._log = log

    def write(self, text: str) -> int:
        self._log.write(text.encode(errors="backslashreplace"))
        return len(text)


def _activity(slot: Slot, trial: _LoggedTrial | None) -> Activity:
    if trial is None:
        return Activity(slot.index, slot.device, ())
    return Activity(slot.index, slot.device, (trial.number,), trial.step)


@contextlib.contextmanager
def _printing_to(stream: _LogStream) -> Iterator[None]:
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield
