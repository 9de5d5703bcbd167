"""Trains the committees of the verdict at the end of a study's run, with the run's workers."""

import time
from collections.abc import Iterator
from dataclasses import replace

from fxai.errors import FxaiError
from fxai.pool import WorkerPool
from fxai.results.paths import StudyPaths
from fxai.search.study import Search
from fxai.spec.search.study import StudySpec
from fxai.spec.search.verdict import VerdictConfig
from fxai.study.committees import DEFAULT_TRIAL, Committees, JudgedStudy
from fxai.study.events import Ending, FreshTrainingsProgressed, Notice, StudyEnded, StudyEvent
from fxai.study.stop_signal import StopSignal


def with_committees(
    events: Iterator[StudyEvent],
    study: StudySpec,
    search: Search,
    workers: WorkerPool,
    paths: StudyPaths,
    *,
    stop: StopSignal,
) -> Iterator[StudyEvent]:
    """The events of a study, and before the last one those of the committees' trainings, if the study has a verdict."""
    trained_again = False
    for event in events:
        if not isinstance(event, StudyEnded):
            trained_again = trained_again or isinstance(event, FreshTrainingsProgressed)
            yield event
            continue
        event = replace(event, trained_again=trained_again)  # noqa: PLW2901
        winner, settings, began = search.winner, study.verdict, time.monotonic()
        if winner is None or event.is_stopped or not isinstance(settings, VerdictConfig):
            yield event
            continue
        params = {number: search.params_of(number) for number in (DEFAULT_TRIAL, winner)}
        judged = JudgedStudy(study, search.identity, winner, params)
        committees = Committees(judged, paths, settings.seeds, settings.neighbours)
        if committees.remaining:
            yield from _train(committees, workers, stop)
            event = replace(event, trained_again=True)  # noqa: PLW2901
        yield _with_end_of_trainings(event, committees, stop, time.monotonic() - began)


def _with_end_of_trainings(event: StudyEnded, committees: Committees, stop: StopSignal, seconds: float) -> StudyEnded:
    """The end of the run, which was interrupted if the trainings were."""
    event = replace(event, seconds=event.seconds + seconds)
    if not committees.remaining or not stop.urgency:
        return event
    reason = "interrupted during the verdict's trainings; run it again without --fresh to continue them"
    return replace(event, ending=Ending.INTERRUPTED, reason=reason)


def _train(committees: Committees, workers: WorkerPool, stop: StopSignal) -> Iterator[StudyEvent]:
    yield Notice(f"Verdict: {committees.remaining_text} train on fresh seeds.")
    try:
        yield from committees.train(workers, stop)
    except (FxaiError, OSError) as error:
        yield Notice(f"The committees of the verdict could not be trained: {error}", warns=True)
