"""Runs studies one after the other and prints their results, for `fxai run` and `fxai retune`."""

import gc
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from fxai.cli.conclusion import print_conclusion
from fxai.cli.error_message import warning
from fxai.cli.joined_run import conclude_lent, line_printer
from fxai.cli.joining import Joining
from fxai.cli.notifying import INTERRUPTED, Notes
from fxai.cli.output import print_text
from fxai.cli.require import cautioned, missed
from fxai.cli.watch import choose_watch
from fxai.evaluation.verdict_word import VerdictWord
from fxai.formatting import legible
from fxai.pool import EarlyWorkers
from fxai.results.printed_command import StudyLocation
from fxai.spec.fields.objective import FX_TRADING
from fxai.spec.search.study import Spec
from fxai.study.interrupts import stop_on_signals
from fxai.study.join.join_study import LentOutcome, join_study
from fxai.study.open_study import check_study
from fxai.study.outcome_note import outcome_note
from fxai.study.progress_log import debugging_logger, watch_in_log
from fxai.study.replay.open_replay import recording_of
from fxai.study.run import Watch, search_study
from fxai.study.study_note import StudyNote
from fxai.study.write_results import RunStatus, StudyOutcome

_FAILED = 1


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run."""

    settings: Collection[str] = ()  # keys of the spec that options set
    replay: Path | None = None  # decisions to repeat
    joining: Joining | None = None  # other runs; None: this run has the studies for itself
    early: EarlyWorkers | None = None  # workers that have started for the first study
    fresh: bool = False
    quiet: bool = False
    verbose: bool = False
    require: str | None = None  # value of --require


def run_studies(plan: Spec, options: RunOptions, console: Console, notes: Notes) -> int:
    """Run the studies. Returns the exit code of the command, and adds to `notes` what there is to tell.

    Raises:
        InputError: A study cannot be run. Nothing is written then.
    """
    for study in plan.studies:
        check_study(study)
    watch = watch_in_log(debugging_logger()) if options.verbose else choose_watch(console, quiet=options.quiet)
    code, outcomes = _run_all(plan, options, console, watch, notes)
    if all(study.objective == FX_TRADING for study in plan.studies):
        # The interpreter would visit each object of torch's modules at its end, which takes 2 s. What other objectives
        # load may have bindings that report frozen objects as leaks.
        gc.freeze()
    if code or options.require is None:
        return code
    if lacking := [each.study.study_name for each in outcomes if word_of(each) is not VerdictWord.BETTER]:
        notes.reason = missed(lacking)
        return _FAILED
    if weakened := [each.study.study_name for each in outcomes if is_weakened(each)]:
        warning(cautioned(weakened))
    return code


def _run_all(
    plan: Spec, options: RunOptions, console: Console, watch: Watch, notes: Notes
) -> tuple[int, Sequence[StudyOutcome | LentOutcome]]:
    """Run the studies one after the other. Returns the exit code and the outcome of each study that has ended."""
    code = 0
    outcomes: list[StudyOutcome | LentOutcome] = []
    results_dir = Path(plan.results_dir)
    recording = None if options.replay is None else recording_of(options.replay, plan)
    with stop_on_signals() as stop:
        for place, study in enumerate(plan.studies):
            if stop.urgency:
                return INTERRUPTED, outcomes
            if console.is_terminal and not options.quiet:
                print_text(console, f"Preparing study {legible(study.study_name)}: data, database, workers ...")
            outcome: StudyOutcome | LentOutcome
            if options.joining is None:
                outcome = search_study(
                    *(study, results_dir, watch, stop),
                    settings=options.settings,
                    recording=recording,
                    fresh=options.fresh,
                    plots=plan.save_study_plots,
                    early=options.early if place == 0 else None,
                )
            else:
                outcome = join_study(
                    *(study, results_dir, watch, stop, line_printer(console, quiet=options.quiet)),
                    settings=options.settings,
                    plots=plan.save_study_plots,
                    listen=options.joining.listen,
                )
            notes.studies.append(_conclude(console, outcome, StudyLocation(study.storage, plan.results_dir)))
            outcomes.append(outcome)
            if outcome.status is RunStatus.INTERRUPTED:
                return INTERRUPTED, outcomes
            if outcome.status is not RunStatus.SUCCEEDED:
                code = _FAILED
    return code, outcomes


def _conclude(console: Console, outcome: StudyOutcome | LentOutcome, location: StudyLocation) -> StudyNote:
    """Print the end of a study. Returns what `--notify` tells about it."""
    if isinstance(outcome, LentOutcome):
        return conclude_lent(console, outcome, location)
    for message in outcome.warnings:
        warning(message)
    print_conclusion(console, outcome, location)
    return outcome_note(outcome, Path(location.results_dir))


def word_of(outcome: StudyOutcome | LentOutcome) -> VerdictWord | None:
    """The verdict of a run, or of the run that owned the study; None if the run had none."""
    if isinstance(outcome, LentOutcome):
        found = None if outcome.finished is None else outcome.finished.verdict
        return None if found is None else VerdictWord(found)
    return None if outcome.judged is None else outcome.judged.verdict.word


def is_weakened(outcome: StudyOutcome | LentOutcome) -> bool:
    """Whether the verdict of `word_of` says less, because a model may have read what came next."""
    if isinstance(outcome, LentOutcome):
        return outcome.finished is not None and outcome.finished.verdict_weakened
    return outcome.judged is not None and outcome.judged.knowledge is not None
