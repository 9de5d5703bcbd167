"""What `fxai run --join` prints while it lends its workers and at the end of such a run."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_log, print_text, shows_live_view
from fxai.cli.summary import print_summary, print_verdict
from fxai.formatting import legible
from fxai.mirror.location import url_of
from fxai.results.agent_seeds import study_agent
from fxai.results.best_verdict import BestVerdict
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.record import StudyRecord
from fxai.results.summary import StudySummary
from fxai.search.stored_run import RunState
from fxai.search.studies import load_study
from fxai.study.join.finished_study import FinishedStudy
from fxai.study.join.join_study import LentOutcome
from fxai.study.study_note import StudyNote, existing
from fxai.study.write_results import RunStatus


def line_printer(console: Console, *, quiet: bool) -> Callable[[str], None]:
    """The function that shows a line while this run lends its workers."""

    def say(line: str) -> None:
        if not quiet:
            (print_text if shows_live_view(console) else print_log)(console, legible(line))

    return say


def conclude_lent(console: Console, outcome: LentOutcome, location: StudyLocation) -> StudyNote:
    """Print the end of a run that lent its workers. Returns what `--notify` tells about the study."""
    study, finished = outcome.study, outcome.finished
    if finished is None:
        print_text(console, "Interrupted: the other runs continue the study. Start this run again to lend its workers.")
        return StudyNote(study.study_name, RunState.INTERRUPTED, "interrupted while it lent its workers")
    paths = StudyPaths(Path(location.results_dir), study.study_name)
    record = StudyRecord.of(load_study(study.storage, study.study_name))
    summary = StudySummary.of(record)
    shared = finished.is_in(paths)
    ended = "is finished" if finished.status is RunStatus.SUCCEEDED else f"has ended: {finished.status}"
    url = url_of(location.results_dir)
    place = url or (str(paths.directory) if shared else f"{finished.folder} on {finished.host}")
    line_printer(console, quiet=False)(f"Study {study.study_name} {ended}. Its files are in {place}.")
    print_text(console, "")
    print_summary(console, summary)
    if shared:
        verdict = BestVerdict.of(study.study_name, record.traits, summary.best_trial, paths.results_dir)
        print_verdict(console, verdict, study.study_name, location)
    elif finished.verdict is not None:
        print_text(console, "", f"Verdict: {finished.verdict_text}.")
    return _note(summary, finished, paths if shared else None)


def _note(summary: StudySummary, finished: FinishedStudy, paths: StudyPaths | None) -> StudyNote:
    succeeded = finished.status is RunStatus.SUCCEEDED
    return StudyNote(
        study=summary.study,
        state=RunState.FINISHED if succeeded else RunState.FAILED,
        reason=None if succeeded else f"its run on {finished.host} ended: {finished.status}",
        metric=summary.metric,
        direction=summary.direction,
        best_trial=summary.best_trial,
        best_value=summary.best_value,
        error=summary.standard_error,
        verdict=finished.verdict_text,
        complete=summary.completed,
        pruned=summary.pruned,
        failed=summary.failed,
        folder=None if paths is None else str(paths.directory.absolute()),
        report=None if paths is None else existing(paths.report),
        config=None if paths is None else existing(paths.best_config),
        agent=None if paths is None else existing(study_agent(paths)),
    )
