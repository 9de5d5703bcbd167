"""Plain text lines of a study's events, for pipes and log files. They have no control codes.

`opened` is the study's first event, which names the metric of the values. It is None before that event.
"""

from collections.abc import Sequence

from fxai.formatting import assignments, counted, legible, short_cause, span
from fxai.metric_text import number_text
from fxai.protocol import STANDARD_ERROR, TrialResult, TrialState
from fxai.study.events import (
    Notice,
    StudyEnded,
    StudyEvent,
    StudyOpened,
    TrialBegan,
    TrialExploited,
    TrialFinished,
    TrialRequeued,
    WorkerReplaced,
)


def lines_of(event: StudyEvent, opened: StudyOpened | None) -> Sequence[str]:
    """The lines of an event. Reports and heartbeats have none."""
    match event:
        case StudyOpened():
            return _opening(event)
        case TrialBegan(is_continued=True):
            return ()
        case TrialBegan(number, attempt, params):
            again = f" (attempt {attempt + 1})" if attempt else ""
            return (f"Trial {number} began{again}: {assignments(params)}",)
        case TrialFinished():
            return (_ending(event, opened),)
        case _:
            return incidents_of(event)


def incidents_of(event: StudyEvent) -> Sequence[str]:
    """The lines that are also printed above the live view: failures, replaced workers, exploits, notices."""
    match event:
        case TrialFinished(result) if result.state is TrialState.FAIL:
            return (_ending(event, None),)
        case TrialRequeued(number, reason):
            return (f"Trial {number} will be run again: {short_cause(reason)}",)
        case TrialExploited(number, donor, step, params):
            return (f"Trial {number} continues from trial {donor} at step {step}: {assignments(params)}",)
        case WorkerReplaced():
            return (_lost_worker(event),)
        case Notice(message):
            return (legible(message),)
        case _:
            return ()


def _lost_worker(event: WorkerReplaced) -> str:
    message = short_cause(event.message)
    if event.host:  # no worker takes its place
        return f"{message[:1].upper()}{message[1:]}"
    return f"Worker {event.worker} is replaced ({event.cause}): {message}"


def ended_line(ended: StudyEnded) -> str:
    """The line of the end of a run, with its reason."""
    if ended.finished_before >= ended.progress.total and ended.reason is None and not ended.trained_again:
        return f"Study {legible(ended.study)}: nothing to do: {_finished(ended)}"
    reason = "" if ended.reason is None else f": {legible(ended.reason)}"
    return f"Study {legible(ended.study)} ended after {span(ended.seconds)}{reason}"


def _finished(ended: StudyEnded) -> str:
    finished, total = ended.progress.finished, ended.progress.total
    if finished > total:
        return f"{finished} trials are finished, n_trials is {total}"
    return f"{finished} of {total} trials are finished"


def _opening(event: StudyOpened) -> Sequence[str]:
    progress = event.progress
    workers = f", {counted(event.workers, 'worker')}" if event.workers else ""  # those of other machines come later
    lines = [f"Study {legible(event.study)}: {event.direction} {event.metric}, {progress.total} trials{workers}"]
    if progress.finished:
        lines.append(f"Resumed: {progress.finished} of {progress.total} trials are finished")
    if event.retried:
        numbers = ", ".join(map(str, event.retried))
        lines.append(f"Unfinished trials of the last run, to be run again: {numbers}")
    return lines


def _ending(event: TrialFinished, opened: StudyOpened | None) -> str:
    result, progress = event.result, event.progress
    place = f"{progress.finished}/{progress.total}"
    match result.state:
        case TrialState.FAIL:
            message = result.error.message if result.error else "no reason given"
            return f"Trial {result.number} failed: {short_cause(message)} ({place})"
        case TrialState.PRUNED:
            return f"Trial {result.number} pruned after {span(result.seconds)} ({place})"
        case _:
            leads = ", best so far" if event.best else ""
            return (
                f"Trial {result.number} complete: {_value(result, opened)} in {span(result.seconds)} ({place}{leads})"
            )


def _value(result: TrialResult, opened: StudyOpened | None) -> str:
    if result.value is None:
        return "no value"
    return value_text(opened, result.value, result.metrics.get(STANDARD_ERROR))


def value_text(opened: StudyOpened | None, value: float, error: float | None) -> str:
    """A value of the study's metric as text, with its standard error if there is one."""
    metric, trading = ("", False) if opened is None else (opened.metric, opened.trading)
    return number_text(metric, value, error, trading=trading)
