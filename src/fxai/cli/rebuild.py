"""`fxai report STUDY --rebuild`: computes the missing returns of a study's trials again."""

from contextlib import ExitStack
from pathlib import Path

import typer

from fxai.cli.error_message import warning
from fxai.cli.output import print_text, stdout
from fxai.formatting import counted
from fxai.results.folder_key import check_folder
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.attributes import identity_of
from fxai.search.studies import stored_study
from fxai.study.events import Notice
from fxai.study.interrupts import announce_stop, stop_on_signals
from fxai.study.open_study import hold
from fxai.study.rebuild_returns import RebuildResult, ReturnsRebuild, check_rebuild, explained
from fxai.study.stored_spec import check_data_unchanged, stored_spec
from fxai.study.study_workers import local_slots, open_workers

_INTERRUPTED = 130


def rebuild_returns(storage: str, results_dir: Path, study: str, *, quiet: bool) -> RebuildResult:
    """Compute the missing returns of a study's trials. Exits the program after an interruption."""
    paths = StudyPaths(results_dir, study)
    with stored_study(storage, study) as stored:
        check_folder(paths, stored.user_attrs)
        record, user_attrs = StudyRecord.of_trials(stored, stored.trials()), stored.user_attrs
    spec = stored_spec(paths, storage)
    check_rebuild(spec, record)
    with hold(spec, paths):
        rebuild = ReturnsRebuild(spec, record, identity_of(user_attrs), paths)
        found = len(rebuild.missing)
        if found:
            check_data_unchanged(spec, user_attrs)
        rebuild.score_agents()
        if rebuild.missing and not quiet:
            print_text(stdout(), f"Training {counted(len(rebuild.missing), 'trial')} again ...")
        if rebuild.missing:
            _train(rebuild, paths)
    if not quiet:
        written = f"{len(rebuild.result.written)} of {counted(found, 'missing file')} written" if found else "complete"
        print_text(stdout(), f"Returns on each bar: {written}.")
    for sentence in explained(rebuild.result.not_written):
        warning(sentence)
    return rebuild.result


def _train(rebuild: ReturnsRebuild, paths: StudyPaths) -> None:
    with ExitStack() as opened:
        stop = opened.enter_context(stop_on_signals())
        workers = opened.enter_context(open_workers(rebuild.spec, local_slots(rebuild.spec), paths.logs)).pool
        for event in announce_stop(rebuild.train(workers, stop), stop):
            if isinstance(event, Notice):
                warning(event.message)
    if stop.urgency and set(rebuild.missing) - set(rebuild.result.not_written):
        warning("Interrupted. Run the same command again to continue the trainings.")
        raise typer.Exit(_INTERRUPTED)
