"""Runs one study in the parent process, from its spec to its files."""

from collections.abc import Callable, Collection, Iterable
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from fxai.pool import EarlyWorkers
from fxai.results.paths import StudyPaths
from fxai.spec.checks.advice import notices
from fxai.spec.checks.winner_checks import after_search
from fxai.spec.search.study import StudySpec
from fxai.study.committee_trainings import with_committees
from fxai.study.confirmation import confirmed
from fxai.study.data_bars import study_bars
from fxai.study.early_plots import early_plots
from fxai.study.events import Notice, StudyEnded, StudyEvent
from fxai.study.interrupts import announce_stop
from fxai.study.join.owned_study import OwnedStudy
from fxai.study.load_transfer import load_transfer
from fxai.study.mirrored import mirrored
from fxai.study.noted_run import noted_run
from fxai.study.open_study import WriteEngine, hold, open_study
from fxai.study.replay.open_replay import Recording
from fxai.study.replay.recorded_run import recorded_run
from fxai.study.stop_signal import StopSignal
from fxai.study.study_workers import open_workers, worker_slots
from fxai.study.tracked_events import open_tracking
from fxai.study.write_results import StudyOutcome, write_study_files

Watch: TypeAlias = Callable[[Iterable[StudyEvent]], StudyEnded]
"""Reads the events of a study as they come, shows what it chooses, and returns the last event."""


def search_study(
    study: StudySpec,
    results_dir: Path,
    watch: Watch,
    stop: StopSignal,
    *,
    settings: Collection[str] = (),
    recording: Recording | None = None,
    fresh: bool = False,
    plots: bool = True,
    write_engine: WriteEngine | None = None,
    owned: OwnedStudy | None = None,
    early: EarlyWorkers | None = None,
) -> StudyOutcome:
    """Apply a study's transfer, run the study until it has `n_trials` finished trials, then write its files.

    Args:
        study: the study, which `check_study` has checked.
        results_dir: folder of results, in which the study has a folder of its own.
        watch: reads the study's events.
        stop: ends the run early.
        settings: keys of the spec that the user set for this run; they override a transfer from another study.
        recording: decisions of another run, which this run repeats in a study of its own.
        fresh: archive the study of this name, if there is one, and start a new one.
        plots: write the plots and the report too.
        write_engine: writes a training engine into the folder that it is called with.
        owned: the lease and the hosts of a study that several runs have joined. Default: workers of this process.
        early: workers that have started for this study (`early_start.py`).

    Raises:
        FxaiError: something is wrong with data, folder or database. Nothing is written then.
        LeaseLostError: another run has taken over a study that several runs have joined.
    """
    loaded = load_transfer(study, results_dir, settings, recording, fresh=fresh)
    study, paths = loaded.study, StudyPaths(results_dir, loaded.study.study_name)
    bars, slots = study_bars(study), worker_slots(study, early)
    lease = None if owned is None else owned.lease
    with (
        hold(study, paths, lease) as renew_lock,
        mirrored(study, paths, stop) as mirror,
        early_plots(study, paths, plots=plots) as drawing,
    ):
        with (
            open_study(loaded, paths, renew_lock, fresh=fresh, write_engine=write_engine) as opened,
            noted_run(opened.search) as note_end,
            open_workers(study, slots, paths.logs, None if owned is None else owned.source, early) as workers,
            open_tracking(study, paths, stop) as tracked,
        ):
            warnings = [Notice(message, warns=True) for message in (*mirror.notices, *opened.notices)]
            if bars is not None:
                opened.search.mark_bars(bars)
            messages = map(Notice, (*loaded.notices, *workers.notices, *notices(study), *after_search(study)))
            searched = recorded_run(loaded, opened.search, workers.pool, paths, stop)
            of_study = (study, opened.search, workers.pool, paths)
            chosen = drawing.after(confirmed(searched, *of_study, stop=stop))
            events = with_committees(chosen, *of_study, stop=stop)
            events = events if owned is None else owned.checked(events)
            ended = watch(announce_stop(tracked(mirror.events(chain(warnings, messages, events))), stop))
            note_end(ended)
        hash_of_data = None if bars is None else bars.content_hash
        return mirror.uploaded(write_study_files(study, paths, hash_of_data, ended, drawing, plots=plots))
