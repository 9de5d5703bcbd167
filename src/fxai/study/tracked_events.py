"""Sends a study's events to its trackers, and adds the trackers' notices to the events."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from fxai.results.paths import StudyPaths
from fxai.search.seeds import trial_seed
from fxai.spec.search.study import StudySpec
from fxai.study.events import (
    Ending,
    Heartbeat,
    Notice,
    StudyEnded,
    StudyEvent,
    StudyOpened,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
    TrialRequeued,
)
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.tracking import (
    StudyBeganMessage,
    StudyEndedMessage,
    StudyMessage,
    TrackerProcess,
    TrialBeganMessage,
    TrialEndedMessage,
    open_trackers,
)

FINISH_SECONDS = 60.0  # wait for the trackers at the study's end
_FINISH_SECONDS_WHEN_STOPPED = {Urgency.SOON: 10.0, Urgency.NOW: 2.0}
_POLL_SECONDS = 0.25
_NOTICE_AFTER_SECONDS = 1.0
_REQUEUED = "requeued"


@contextmanager
def open_tracking(
    study: StudySpec, paths: StudyPaths, stop: StopSignal
) -> Iterator[Callable[[Iterable[StudyEvent]], Iterator[StudyEvent]]]:
    """Start the study's trackers. Yields a function that sends events to the trackers and passes them on."""
    with open_trackers(study.tracking, paths.directory, paths.logs) as trackers:
        yield lambda events: tracked(events, study, trackers, stop)


def tracked(
    events: Iterable[StudyEvent], study: StudySpec, trackers: Sequence[TrackerProcess], stop: StopSignal
) -> Iterator[StudyEvent]:
    """The events and the trackers' notices. The trackers finish their work before the study's last event."""
    beat = Heartbeat(())
    begun: set[int] = set()  # trials whose runs are open in the trackers
    for event in events:
        message = None if _continues(event, begun) else _message_of(event, study)
        for tracker in trackers:
            if message is not None:
                tracker.send(message)
        if isinstance(event, Heartbeat):
            beat = event
        if isinstance(event, StudyEnded):
            yield from _finished(event, trackers, stop, beat)
        yield event
        if not isinstance(event, StudyEnded):
            yield from _notices(trackers)


def _continues(event: StudyEvent, begun: set[int]) -> bool:
    """Whether the event is of a member of a population that was set aside and continues in its tracker run."""
    match event:
        case TrialBegan(number):
            known = number in begun
            begun.add(number)
            return known
        case TrialFinished(result):
            begun.discard(result.number)
        case TrialRequeued(number):
            begun.discard(number)
    return False


def _finished(
    ended: StudyEnded, trackers: Sequence[TrackerProcess], stop: StopSignal, beat: Heartbeat
) -> Iterator[StudyEvent]:
    """Wait until the trackers have handled all messages. Repeats the last heartbeat meanwhile."""
    began, noticed = time.monotonic(), False
    while waiting := [tracker for tracker in trackers if tracker.outstanding]:
        interrupted = ended.ending is Ending.INTERRUPTED
        most = _FINISH_SECONDS_WHEN_STOPPED[Urgency.SOON] if interrupted else FINISH_SECONDS
        seconds = min(most, _FINISH_SECONDS_WHEN_STOPPED.get(stop.urgency, most))
        waited = time.monotonic() - began
        if waited >= seconds:
            for tracker in waiting:
                tracker.stop_if_unfinished(seconds)
        else:
            if waited >= _NOTICE_AFTER_SECONDS and not noticed:
                noticed = True
                yield Notice(f"Waiting for the trackers for at most {seconds:g} s.")
            waiting[0].wait(_POLL_SECONDS)
        yield from _notices(trackers)
        yield beat
    yield from _notices(trackers)


def _notices(trackers: Sequence[TrackerProcess]) -> Iterator[Notice]:
    for tracker in trackers:
        yield from map(Notice, tracker.poll())


def _message_of(event: StudyEvent, study: StudySpec) -> StudyMessage | None:
    """The message to the trackers about the event. None if there is none."""
    match event:
        case StudyOpened(name, direction, metric, _, progress, retried):
            resumed = bool(progress.finished or retried)
            return StudyMessage(study_began=StudyBeganMessage(name, direction, metric, resumed))
        case StudyEnded(_, progress, _, _, best, ending):
            end_of_study = StudyEndedMessage(progress.best_trial, progress.best_value, best or {}, ending)
            return StudyMessage(study_ended=end_of_study)
        case _:
            return _message_of_trial(event, study)


def _message_of_trial(event: StudyEvent, study: StudySpec) -> StudyMessage | None:
    match event:
        case TrialBegan(number, attempt, params, _, config):
            seed = trial_seed(study.seed, number)
            return StudyMessage(trial_began=TrialBeganMessage(number, attempt, seed, params, time.time(), config))
        case TrialProgressed(report):
            return StudyMessage(report=report)
        case TrialFinished(result):
            cause, message = (result.error.cause, result.error.message) if result.error else (None, None)
            end = TrialEndedMessage(result.number, result.state, result.value, result.metrics, cause, message)
            return StudyMessage(trial_ended=end)
        case TrialRequeued(number):
            return StudyMessage(trial_ended=TrialEndedMessage(number, _REQUEUED))
        case _:
            return None
