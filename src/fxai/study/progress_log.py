"""Logs a study's events with Python's logging: trials at INFO, failures at WARNING, reports at DEBUG."""

import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from fxai.formatting import assignments, legible, local_time
from fxai.metric_text import metric_texts
from fxai.protocol import STANDARD_ERROR, TrialState
from fxai.study.events import StudyEnded, StudyEvent, StudyOpened, TrialFinished, TrialProgressed, WorkerReplaced
from fxai.study.plain_lines import lines_of, value_text
from fxai.study.run import Watch

SEARCHES = "HPOptimizer"  # name of the logger of all searches
_MOST_METRICS = 8


def speaking_logger(name: str) -> logging.Logger:
    """The logger `name`. It writes to standard error if the program has set up no logging.

    Its level is INFO unless the program has set one. `logging.getLogger(name).setLevel(logging.DEBUG)` logs reports.
    """
    logger = logging.getLogger(name)
    if not logger.hasHandlers():
        logger.addHandler(_StandardError())
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
    return logger


def debugging_logger() -> logging.Logger:
    """The logger of searches at DEBUG, for `fxai run --verbose`. Except on a terminal, its lines have a time."""
    logger = speaking_logger(SEARCHES)
    logger.setLevel(logging.DEBUG)
    for handler in logger.handlers:
        if isinstance(handler, _StandardError):
            handler.setFormatter(_Timed())
    return logger


def watch_in_log(logger: logging.Logger) -> Watch:
    """A function that reads a study's events, logs them and returns the last one."""

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        opened: StudyOpened | None = None
        for event in events:
            opened = event if isinstance(event, StudyOpened) else opened
            for line in lines_of(event, opened):
                logger.log(_level(event), "%s", line)
            for line in details_of(event, opened):
                logger.debug("%s", line)
            if isinstance(event, StudyEnded):
                return event
        raise RuntimeError("the events of a study ended without a StudyEnded event")

    return watch


def details_of(event: StudyEvent, opened: StudyOpened | None) -> Sequence[str]:
    """The lines of an event at DEBUG: reports, metrics of complete trials, tracebacks."""
    match event:
        case TrialProgressed(report, pruned):
            value = value_text(opened, report.value, report.metrics.get(STANDARD_ERROR))
            metrics = assignments(dict(islice(_texts(report.metrics, opened).items(), _MOST_METRICS)))
            return (f"Trial {report.number} at step {report.step}: {value}{', pruned' if pruned else ''}; {metrics}",)
        case TrialFinished(result) if result.error is not None and result.error.traceback:
            return tuple(map(legible, result.error.traceback.splitlines()))
        case TrialFinished(result) if result.state is TrialState.COMPLETE:
            return (f"Trial {result.number} has {assignments(_texts(result.metrics, opened))}",)
        case _:
            return ()


def _texts(metrics: Mapping[str, float], opened: StudyOpened | None) -> Mapping[str, str]:
    if opened is None:
        return metric_texts(metrics, value_of="", trading=False)
    return metric_texts(metrics, value_of=opened.metric, trading=opened.trading)


def _level(event: StudyEvent) -> int:
    failed = isinstance(event, TrialFinished) and event.result.state is TrialState.FAIL
    return logging.WARNING if failed or isinstance(event, WorkerReplaced) else logging.INFO


class _Timed(logging.Formatter):
    """The message after the local time; the message alone on a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return line if sys.stderr.isatty() else f"{local_time()} {line}"


class _StandardError(logging.StreamHandler):  # type: ignore[type-arg]  # the stream's type is not known
    """Writes to the current `sys.stderr`, which notebooks and tests replace."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)
