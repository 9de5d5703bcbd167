"""A pool that gives the loop the events of its workers in the order of a recorded run."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from fxai.pool import (
    Activity,
    PoolNotice,
    RunningTrial,
    TrialStarted,
    WorkerEvent,
    WorkerLost,
    WorkerPool,
)
from fxai.protocol import Decision, Report, TrialRequest, TrialResult, TrialState
from fxai.study.events import Notice, StudyEvent, TrialBegan, TrialFinished, TrialProgressed
from fxai.study.replay.decisions import (
    Entry,
    ReportJudgedEntry,
    ReportsDecidedEntry,
    ResultToldEntry,
    StudyOpenedEntry,
    TrialBegunEntry,
    TrialRequeuedEntry,
)
from fxai.study.replay.report_buffer import ReportBuffer, TrialMessage
from fxai.study.trial_results import warnings_of

_ROUNDING = 1e-12  # largest relative difference of two processors' values of one computation


class ReplayedPool:
    """A `WorkerPool` over another one. A slot is free when the recorded run began its next trial.

    The messages of the workers are held back until their turn in the recorded order. The workers do not wait for a
    turn, because trials that are trained together could then wait for each other: each report is answered at once as
    in the recorded run, and a later decision of the loop changes that only if it ends the trial.

    A trial may differ from its recording: it ends where it reported, or is pruned where it continued. The loop then
    receives the messages of this trial as they come, and the other trials keep their order. If a worker is lost or
    the run ends early, the recorded order ends there. Both cases have a notice.
    """

    def __init__(self, workers: WorkerPool, decisions: Iterable[Entry]) -> None:
        self._workers = workers
        self._remaining = deque(_in_one_run(decisions))
        self._answers = _answers(self._remaining)
        self._buffers: dict[int, ReportBuffer] = {}
        self._running_trials: set[int] = set()  # trials that run for the loop
        self._returned: set[int] = set()  # trials that the replay has returned to the loop; their workers continue
        self._expected: dict[int, ReportJudgedEntry] = {}
        self._notices: list[str] = []
        self._warned_of_values = False

    @property
    def free_slots(self) -> int:
        match self._next_entry():
            case None:
                return self._workers.free_slots + len(self._returned)
            case TrialBegunEntry(number) if number in self._returned:
                return 1
            case TrialBegunEntry():
                return min(self._workers.free_slots, 1)
            case _:
                return 0

    def submit(self, request: TrialRequest) -> RunningTrial:
        running = RunningTrial(request)
        self._running_trials.add(request.number)
        if request.number in self._returned:
            self._returned.remove(request.number)
            self._buffers[request.number].restart(running)
        else:
            self._buffers[request.number] = ReportBuffer(self._workers.submit(request), running)
        return running

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        alone = any(not self._buffers[number].follows for number in self._running_trials)
        # A trial that has left the recorded order may occupy the slot of the next one.
        if isinstance(turn := self._next_entry(), TrialBegunEntry) and self.free_slots and not alone:
            self._leave_recorded_order(f"trial {turn.number} does not begin at this point")
        if happened := self._next_events():
            return happened
        return [*self._buffer_messages(self._workers.events(timeout)), *self._next_events()]

    def answer(self, number: int, decision: Decision) -> None:
        buffer = self._buffers.get(number)
        if buffer is None or buffer.answer(decision):
            self._workers.answer(number, decision)

    def activity(self) -> Sequence[Activity]:
        return self._workers.activity()

    def close(self) -> None:
        self._workers.close()

    def following(self, events: Iterator[StudyEvent]) -> Iterator[StudyEvent]:
        """The events of the run that uses this pool, with notices of its differences from the recorded run."""
        for event in events:
            self._note_event(event)
            yield from map(Notice, self._notices)
            self._notices.clear()
            yield event

    def _note_event(self, event: StudyEvent) -> None:
        """Note what the loop did, which follows the recorded order or departs from it."""
        match event:
            case TrialBegan(number):
                turn = self._next_entry()
                if isinstance(turn, TrialBegunEntry) and turn.number == number:
                    self._remaining.popleft()
                elif turn is not None:
                    self._leave_recorded_order(
                        f"trial {number} begins, which did not begin at this point of the recorded run"
                    )
            case TrialProgressed(report, pruned) if judged := self._expected.pop(report.number, None):
                if pruned and not judged.pruned:
                    self._stop_following(report.number, f"is pruned at step {report.step}, where it continued before")
                elif judged.pruned and not pruned:
                    reason = f"is pruned at step {report.step} as recorded, although it would continue now"
                    self._stop_following(report.number, reason)
            case TrialFinished(result):
                self._running_trials.discard(result.number)
                self._buffers.pop(result.number, None)
            case _:
                return

    def _next_entry(self) -> Entry | None:
        """The next decision of the recorded order. Removes decisions that do not apply any more."""
        while self._remaining and self._is_obsolete(self._remaining[0]):
            self._remaining.popleft()
        return self._remaining[0] if self._remaining else None

    def _is_obsolete(self, entry: Entry) -> bool:
        match entry:
            case ReportsDecidedEntry(reports):
                return not any(self._follows(judged.number) for judged in reports)
            case ResultToldEntry(number) | TrialRequeuedEntry(number):
                return not self._follows(number)
            case _:
                return False

    def _follows(self, number: int) -> bool:
        return number in self._running_trials and self._buffers[number].follows

    def _next_events(self) -> list[WorkerEvent]:
        """The events that the loop may receive now."""
        turn = self._next_entry()
        alone = (number for number in self._running_trials if turn is None or not self._buffers[number].follows)
        if happened := [event for number in list(alone) for event in self._received(number)]:
            return happened
        match turn:
            case ReportsDecidedEntry(reports):
                return self._reports(reports)
            case ResultToldEntry(number, state, value):
                return self._end(number, state, value)
            case TrialRequeuedEntry(number):
                self._remaining.popleft()
                return [self._return(number)]
            case _:
                return []

    def _received(self, number: int) -> list[WorkerEvent]:
        """The next message of a trial, if there is one."""
        buffer = self._buffers[number]
        message = buffer.next
        if message is None:
            return []
        buffer.receive(message)
        if isinstance(message, TrialResult):
            self._running_trials.discard(number)
        return [message]

    def _reports(self, reports: Sequence[ReportJudgedEntry]) -> list[WorkerEvent]:
        """The reports that were decided together, once all of them have been received."""
        expected = [judged for judged in reports if self._follows(judged.number)]
        messages = [self._buffers[judged.number].next for judged in expected]
        for judged, message in zip(expected, messages, strict=True):
            if isinstance(message, TrialResult):
                self._stop_following(judged.number, f"ends, where it reported step {judged.step} before")
                return self._next_events()
        if None in messages:
            return []
        for judged, message in zip(expected, messages, strict=True):
            self._expected[judged.number] = judged
            if isinstance(message, Report):
                self._compare(judged.number, f"at step {message.step}", message.value, judged.value)
        self._remaining.popleft()
        return [event for judged in expected for event in self._received(judged.number)]

    def _end(self, number: int, state: TrialState, value: float | None) -> list[WorkerEvent]:
        message = self._buffers[number].next
        if message is None:
            return []
        if isinstance(message, Report):
            self._stop_following(number, f"reports step {message.step}, where it ended before ({state})")
            return self._next_events()
        if state is message.state is TrialState.COMPLETE:
            self._compare(number, "at its end", message.value, value)
        elif TrialState.FAIL in {state, message.state} and state is not message.state:
            self._notices.append(f"Trial {number} ended as {message.state}, and as {state} in the recorded run")
        self._remaining.popleft()
        return self._received(number)

    def _return(self, number: int) -> WorkerEvent:
        self._running_trials.discard(number)
        self._returned.add(number)
        return TrialResult(number, TrialState.RETURNED, 0.0)

    def _buffer_messages(self, events: Sequence[WorkerEvent]) -> list[WorkerEvent]:
        """Keep the messages of trials for their turn. Returns the other events, which are passed on at once."""
        passed: list[WorkerEvent] = []
        for event in events:
            match event:
                case Report(passed_over=True):  # such reports are not recorded
                    self._pass_over(event)
                case Report() | TrialResult():
                    self._buffer_message(event)
                case WorkerLost(trials=trials):
                    self._leave_recorded_order("a worker is lost")
                    self._forget(trials)
                    passed.append(event)
                case TrialStarted() | PoolNotice():
                    passed.append(event)
        return passed

    def _pass_over(self, report: Report) -> None:
        buffer = self._buffers.get(report.number)
        self._workers.answer(report.number, Decision.CONTINUE if buffer is None else buffer.ended_by)
        self._notices.extend(warnings_of(report))

    def _buffer_message(self, message: TrialMessage) -> None:
        number = message.number
        buffer = self._buffers.get(number)
        if buffer is None:
            return
        if isinstance(message, Report) and buffer.ended_by is not Decision.CONTINUE:
            self._workers.answer(number, buffer.ended_by)
            return
        buffer.messages.append(message)
        if isinstance(message, Report):
            self._answer_as_recorded(buffer, message)
        elif message.state is TrialState.RETURNED:
            self._leave_recorded_order(f"trial {number} is returned by its worker")

    def _answer_as_recorded(self, buffer: ReportBuffer, report: Report) -> None:
        decision = self._answers.get((report.number, report.step))
        if decision is not None:
            self._workers.answer(report.number, decision)
        elif self._remaining and buffer.follows:
            self._stop_following(report.number, f"reports step {report.step}, which it did not report before")

    def _forget(self, numbers: Iterable[int]) -> None:
        """Remove trials that the loop runs again on another worker."""
        for number in numbers:
            self._buffers.pop(number, None)
            self._running_trials.discard(number)
            self._returned.discard(number)

    def _compare(self, number: int, where: str, value: float | None, recorded: float | None) -> None:
        if not _repeats(value, recorded) and not self._warned_of_values:
            self._warned_of_values = True
            self._notices.append(
                f"Trial {number} has the value {value} {where}, and {recorded} in the recorded run: its training is "
                "not deterministic, or ran on another kind of processor. The replay continues with the new values"
            )

    def _stop_following(self, number: int, how: str) -> None:
        self._buffers[number].follows = False
        self._notices.append(f"Trial {number} {how}; from now on it does not follow the recorded order")

    def _leave_recorded_order(self, why: str) -> None:
        if self._remaining:
            self._remaining.clear()
            self._answers.clear()
            self._notices.append(f"The replay leaves the recorded order, since {why}; from now on timing decides it")


def _repeats(value: float | None, recorded: float | None) -> bool:
    """Whether a value is the recorded one, up to the rounding of a processor that computes exp and log otherwise."""
    if value is None or recorded is None:
        return value is recorded
    return math.isclose(value, recorded, rel_tol=_ROUNDING)


def _answers(decisions: Iterable[Entry]) -> dict[tuple[int, int], Decision]:
    """The final answer to each report by trial and step. A pruning report counts only if no report follows it."""
    answers: dict[tuple[int, int], Decision] = {}
    furthest: dict[int, int] = {}
    for judged in (judged for entry in decisions if isinstance(entry, ReportsDecidedEntry) for judged in entry.reports):
        furthest[judged.number] = max(judged.step, furthest.get(judged.number, judged.step))
        ended = judged.pruned and judged.step == furthest[judged.number]
        answers[judged.number, judged.step] = Decision.PRUNE if ended else Decision.CONTINUE
    return answers


def _in_one_run(decisions: Iterable[Entry]) -> Iterator[Entry]:
    """The decisions of all runs as those of one run. A trial that a later run retried is requeued at its begin."""
    running_trials: dict[int, None] = {}
    for entry in decisions:
        match entry:
            case StudyOpenedEntry(retried=retried):
                for number in retried:
                    if number in running_trials:
                        del running_trials[number]
                        yield TrialRequeuedEntry(number)
                continue
            case TrialBegunEntry(number):
                running_trials[number] = None
            case ResultToldEntry(number) | TrialRequeuedEntry(number):
                running_trials.pop(number, None)
            case ReportsDecidedEntry():
                pass
        yield entry
