"""Runs a study and records its decisions. The run may repeat the recorded decisions of another study."""

from collections.abc import Iterator

from fxai.errors import InputError
from fxai.pool import WorkerPool
from fxai.results.paths import StudyPaths
from fxai.search.study import Search
from fxai.study.events import StudyEvent
from fxai.study.load_transfer import LoadedTransfer
from fxai.study.loop import run_study
from fxai.study.replay.decisions import basis_of
from fxai.study.replay.recorder import recorded
from fxai.study.replay.replayed_workers import ReplayedPool
from fxai.study.stop_signal import StopSignal


def recorded_run(
    loaded: LoadedTransfer, search: Search, workers: WorkerPool, paths: StudyPaths, stop: StopSignal
) -> Iterator[StudyEvent]:
    """The events of a study's run. Writes the decisions to the study's folder.

    Raises:
        InputError: the study is to repeat a recording and already has trials.
    """
    events = _run(loaded, search, workers, paths, stop)
    bracket_study = loaded.study.study_name if loaded.recording is None else loaded.recording.study
    return recorded(events, paths.decisions, bracket_study, basis_of(loaded.study))


def _run(
    loaded: LoadedTransfer, search: Search, workers: WorkerPool, paths: StudyPaths, stop: StopSignal
) -> Iterator[StudyEvent]:
    study, recording = loaded.study, loaded.recording
    if recording is None:
        return run_study(study, search, workers, paths.trials, stop)
    if search.counts().finished or search.left_running:
        raise InputError(f"the study {study.study_name!r} already has trials; add --fresh to replay from the start")
    search.use_brackets_of(recording.study)
    pool = ReplayedPool(workers, recording.decisions)
    return pool.following(run_study(study, search, pool, paths.trials, stop))
