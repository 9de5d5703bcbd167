"""One study from its spec to its files: data, lock, database, workers, the loop, the results."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from fxai.errors import FingerprintError, InputError
from fxai.pool import LocalPool, SlotPlan, WorkerPool, machine_slots
from fxai.protocol import LanePlan
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.summary import StudySummary
from fxai.search.database import sqlite_path
from fxai.search.lock import hold_folder, hold_study, state_directory
from fxai.search.open_search import open_search
from fxai.search.sqlite_file import check_sqlite
from fxai.search.study import Search
from fxai.spec.checks.advice import notices
from fxai.spec.fields.objective import folder_of, name_of
from fxai.spec.search.configure import default_params, trial_settings
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec
from fxai.study.data_hash import data_hash
from fxai.study.events import Notice, StudyEnded, StudyEvent
from fxai.study.interrupts import announce_stop
from fxai.study.load_transfer import LoadedTransfer
from fxai.study.loop import run_study
from fxai.study.memory_need import check_memory
from fxai.study.replay.decisions import basis_of
from fxai.study.replay.recorder import recorded
from fxai.study.replay.replayed_workers import ReplayedPool
from fxai.study.stop_signal import StopSignal
from fxai.study.study_folder import names_in, take_study_folder
from fxai.study.tracked_events import tracked
from fxai.study.trial_limits import worker_limits
from fxai.study.write_results import FailedTrial, spec_as_it_ran, write_study_files
from fxai.tracking import open_trackers

Watch: TypeAlias = Callable[[Iterable[StudyEvent]], StudyEnded]
"""Goes through a study's events as they come, shows what it likes of them, and returns the last."""


@dataclass(frozen=True, slots=True)
class StudyOutcome:
    """What one run of a study came to."""

    ended: StudyEnded
    summary: StudySummary
    files: tuple[Path, ...]
    warnings: tuple[str, ...] = ()  # what could not be written, and how to write it later
    results_written: bool = True
    failure: FailedTrial | None = None  # of a trial that shows why none has finished, or why the run ended


def search_study(
    taking: LoadedTransfer,
    results_dir: Path,
    watch: Watch,
    stop: StopSignal,
    *,
    fresh: bool = False,
    plots: bool = True,
    lay_engine: Callable[[Path], None] | None = None,
) -> StudyOutcome:
    """Bring a study to its total under the eyes of `watch`, then write its files.

    Whatever is wrong with data, folder or database is raised before anything is written. `lay_engine` writes a
    training engine into the folder that it is given.
    """
    study = taking.study
    paths = StudyPaths(results_dir, study.study_name)
    made_of = data_hash(study)
    share = machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial)
    share = replace(share, notices=(*share.notices, *check_memory(study, share)))
    _check_folder(paths.directory)
    _check_database(study.storage)
    with hold_study(study.storage, study.study_name, state_directory()), hold_folder(paths.directory):
        with _opened(taking, paths, fresh=fresh) as search:
            moved = take_study_folder(paths, search, taking.transfer_spec, fresh=fresh, keep_engine=lay_engine is None)
            if lay_engine is not None:
                lay_engine(paths.engine)
            with (
                _workers(study, share, paths) as workers,
                open_trackers(study.tracking, paths.directory, paths.logs) as trackers,
            ):
                unwritten = spec_as_it_ran(study, paths)
                warned = [Notice(message, warns=True) for message in (*moved, *unwritten)]
                said = map(Notice, (*taking.notices, *share.notices, *notices(study)))
                events = chain(warned, said, _recorded(taking, search, workers, paths, stop))
                ended = watch(announce_stop(tracked(events, study, trackers, stop), stop))
        provenance = Provenance.of(study, made_of)
        left = write_study_files(study, paths, provenance, ended.ending, plots=plots)
    return StudyOutcome(ended, left.summary, left.files, left.warnings, left.results_written, left.failure)


def _recorded(
    taking: LoadedTransfer, search: Search, workers: WorkerPool, paths: StudyPaths, stop: StopSignal
) -> Iterator[StudyEvent]:
    """The study's run, its decisions kept in a file."""
    ran = _ran(taking, search, workers, paths, stop)
    draws_as = taking.study.study_name if taking.recording is None else taking.recording.study
    return recorded(ran, paths.decisions, draws_as, basis_of(taking.study))


def _ran(
    taking: LoadedTransfer, search: Search, workers: WorkerPool, paths: StudyPaths, stop: StopSignal
) -> Iterator[StudyEvent]:
    """The study's own run, or one that repeats the decisions of another."""
    study, recording = taking.study, taking.recording
    if recording is None:
        return run_study(study, search, workers, paths.trials, stop)
    if search.counts().finished or search.left_running:
        raise InputError(f"the study {study.study_name!r} has trials already; --fresh replays it anew")
    search.draw_as(recording.study)
    replayed = ReplayedPool(workers, recording.decisions)
    return replayed.following(run_study(study, search, replayed, paths.trials, stop))


def _opened(taking: LoadedTransfer, paths: StudyPaths, *, fresh: bool) -> Search:
    study = taking.study
    try:
        return open_search(
            study,
            study.storage,
            fingerprint=fingerprint(study),
            default_params=default_params(study),
            fresh=fresh,
            taken=names_in(paths.results_folder),
            transfer_spec=taking.transfer_spec,
        )
    except FingerprintError as error:
        if taking.transfer_spec is None:
            raise
        raise FingerprintError(f"{error}. {paths.transfer} says what; delete it to run the spec as it is") from None


def _workers(study: StudySpec, share: SlotPlan, paths: StudyPaths) -> LocalPool:
    plan = LanePlan(
        name_of(study.objective),
        trial_settings(study, {}),  # the network that is trained
        study.seeds_per_trial,
        study.resources.lanes_per_worker,
        study.most_in_flight,
        folder_of(study.objective),
    )
    return LocalPool(share.slots[: study.n_trials], paths.logs, plan, limits=worker_limits(study))


def _check_folder(folder: Path) -> None:
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"the results cannot lie in {folder}: {nearest} is a file; name another --results-dir")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"the results cannot lie in {folder}: {nearest} is not writable; name another --results-dir")


def _check_database(url: str) -> None:
    """Before the lock is laid beside it."""
    path = sqlite_path(url)
    if path is not None:
        check_sqlite(path)
