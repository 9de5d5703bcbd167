"""Trains the committees of the verdict at the end of a study's run, with the run's workers."""

from collections.abc import Iterator
from dataclasses import replace

from fxai.errors import FxaiError
from fxai.formatting import counted
from fxai.pool import WorkerPool
from fxai.results.paths import StudyPaths
from fxai.search.study import Search
from fxai.spec.search.study import StudySpec
from fxai.study.committees import DEFAULT_TRIAL, Committees, JudgedStudy
from fxai.study.events import Ending, Notice, StudyEnded, StudyEvent
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
    for event in events:
        winner = search.winner
        if not isinstance(event, StudyEnded) or study.verdict is None or winner is None or _stopped(event):
            yield event
            continue
        params = {number: search.params_of(number) for number in (DEFAULT_TRIAL, winner)}
        committees = Committees(JudgedStudy(study, search.identity, winner, params), paths, study.verdict.seeds)
        yield from _train(committees, workers, stop)
        if committees.missing and stop.urgency:
            reason = "interrupted during the verdict's trainings; run it again without --fresh to continue them"
            event = replace(event, ending=Ending.INTERRUPTED, reason=reason)  # noqa: PLW2901
        yield event


def _stopped(event: StudyEnded) -> bool:
    return event.ending in {Ending.INTERRUPTED, Ending.FAILING}


def _train(committees: Committees, workers: WorkerPool, stop: StopSignal) -> Iterator[StudyEvent]:
    if not committees.missing:
        return
    trials = " and ".join(map(str, committees.study.params))
    yield Notice(f"Verdict: {counted(len(committees.missing), 'agent')} of trials {trials} train on fresh seeds.")
    try:
        yield from committees.train(workers, stop)
    except FxaiError as error:
        yield Notice(f"The committees of the verdict could not be trained: {error}", warns=True)
