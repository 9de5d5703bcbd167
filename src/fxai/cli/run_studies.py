"""Runs the studies of a plan for `fxai run`, and prints what comes of each."""

from collections.abc import Collection, Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.conclusion import print_conclusion
from fxai.cli.error_message import warning
from fxai.cli.output import print_text
from fxai.cli.watch import choose_watch
from fxai.evaluation.verdict_word import VerdictWord
from fxai.formatting import legible
from fxai.results.printed_command import StudyLocation
from fxai.spec.search.study import Spec
from fxai.study.interrupts import stop_on_signals
from fxai.study.open_study import check_study
from fxai.study.progress_log import debugging_logger, watch_in_log
from fxai.study.replay.open_replay import recording_of
from fxai.study.run import search_study
from fxai.study.write_results import RunStatus

_FAILED = 1
_INTERRUPTED = 130


def run_studies(
    plan: Spec,
    settings: Collection[str],
    console: Console,
    replay: Path | None,
    *,
    fresh: bool,
    quiet: bool,
    verbose: bool,
) -> tuple[int, Sequence[VerdictWord | None]]:
    """Run the studies one after the other. Returns the exit code and the verdict of each study that has ended."""
    for study in plan.studies:
        check_study(study)
    recording = None if replay is None else recording_of(replay, plan)
    watch = watch_in_log(debugging_logger()) if verbose else choose_watch(console, quiet=quiet)
    code = 0
    words: list[VerdictWord | None] = []
    results_dir = Path(plan.results_dir)
    with stop_on_signals() as stop:
        for study in plan.studies:
            if stop.urgency:
                return _INTERRUPTED, words
            if console.is_terminal and not quiet:
                print_text(console, f"Preparing study {legible(study.study_name)}: data, database, workers ...")
            outcome = search_study(
                *(study, results_dir, watch, stop),
                settings=settings,
                recording=recording,
                fresh=fresh,
                plots=plan.save_study_plots,
            )
            for message in outcome.warnings:
                warning(message)
            print_conclusion(console, outcome, StudyLocation(study.storage, plan.results_dir))
            words.append(None if outcome.judged is None else outcome.judged.verdict.word)
            if outcome.status is RunStatus.INTERRUPTED:
                return _INTERRUPTED, words
            if outcome.status is not RunStatus.SUCCEEDED:
                code = _FAILED
    return code, words
