"""`fxai results [STUDY]`: results and files of the studies."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue
from rich.console import Console

from fxai.cli.completion import complete_study
from fxai.cli.error_message import warning
from fxai.cli.no_studies import no_studies
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, By, ResultsDir, StorageUrl
from fxai.cli.output import print_files, print_json, print_sentences, print_table, print_text, stdout
from fxai.cli.phases import next_after
from fxai.cli.stored_studies import FoundStudies, FoundStudy, found_studies, found_study, stored_record
from fxai.cli.summary import print_summary, print_verdict
from fxai.formatting import counted, legible, span
from fxai.metric_text import difference_text, number_text
from fxai.results.gain import Gain
from fxai.results.importances.file import StoredImportances
from fxai.results.paths import StudyPaths, folder_fault
from fxai.results.printed_command import StudyLocation
from fxai.results.rank_by import goal_named, ranked_by
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.strict_json import json_value
from fxai.results.study_overview import LEADERS, StudyOverview
from fxai.results.summary import StudySummary
from fxai.search.stored_trial import StoredState
from fxai.search.studies import study_names

if TYPE_CHECKING:
    from fxai.results.instrument_values import InstrumentValues

_FRONT_ROWS = 20
_MOST_IMPORTANT = 3  # parameters


def results(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="Name of a study. Default: all studies.", autocompletion=complete_study),
    ] = None,
    *,
    by: By = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Show the results of the studies and their files.

    With --by, the leading trials are those that are best in another metric.
    """
    found = (
        found_studies(storage, results_dir)
        if study is None
        else FoundStudies([found_study(storage, study, results_dir)])
    )
    begun, location = study_names(storage), StudyLocation(storage, results_dir)
    for fault in found.faults:
        warning(f"skipped: {fault}")
    if as_json:
        print_json(
            [_as_json(each, stored_record(storage, each.overview.name), begun, location) for each in found.studies]
        )
        return
    console = stdout()
    if not found.studies and not found.faults:
        print_text(console, no_studies(location))
    for place, each in enumerate(found.studies):
        if place:
            print_text(console, "")
        _print_files(console, each, results_dir)
        _print_study(console, each, leaders=by is None)
        if by is not None:
            _print_by(console, stored_record(storage, each.overview.name), by)
        _print_instruments(console, each, results_dir)
        print_verdict(console, each.verdict, each.overview.name, location)
        _print_next(console, each, begun, location)


def files_of(results_dir: Path, study: str) -> Sequence[Path]:
    """The existing result files of a study, the report first."""
    if folder_fault(study):
        return ()
    directory = StudyPaths(results_dir, study).directory
    found = [path for path in directory.glob("*") if path.is_file() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (path.name != "report.html", path.name))


def _print_study(console: Console, study: FoundStudy, *, leaders: bool) -> None:
    overview = study.overview
    print_summary(console, StudySummary.of(overview))
    if study.importances is not None and study.importances.above_chance:
        print_sentences(console, "", _most_important(study.importances, overview))
    if study.gain is not None:
        print_sentences(console, _gain_text(study.gain, overview))
    if leaders and overview.front:
        shown = overview.front[:_FRONT_ROWS]
        print_text(console, "", f"Pareto front, by {overview.metric}:" + _shown(len(shown), len(overview.front)))
        headings = ("Trial", *(goal.metric for goal in overview.goals), "Time")
        print_table(console, headings, [_front_row(overview, trial) for trial in shown])
    elif leaders and len(overview.leaders) > 1:
        print_text(console, "", "Leading trials:")
        print_table(console, ("Trial", overview.metric, "Time"), [_row(overview, trial) for trial in overview.leaders])


def _print_by(console: Console, record: StudyRecord, by: str) -> None:
    goal = goal_named(record, by)
    leaders = ranked_by(record, goal)[:LEADERS]
    print_text(console, "", f"Leading trials by {goal.metric} ({goal.direction}):")
    headings = ("Trial", goal.metric, *(() if goal.metric == record.metric else (record.metric,)), "Time")
    rows = [
        (
            str(trial.number),
            number_text(goal.metric, trial.metrics[goal.metric], trading=record.trading),
            *_row(record, trial)[1:],
        )
        for trial in leaders
    ]
    print_table(console, headings, rows if goal.metric != record.metric else [_row(record, trial) for trial in leaders])


def _print_files(console: Console, study: FoundStudy, results_dir: Path) -> None:
    if study.folder_fault:
        print_text(console, f"Files: none; {legible(study.folder_fault)}", "")
    else:
        print_files(console, files_of(results_dir, study.overview.name))


def _print_instruments(console: Console, study: FoundStudy, results_dir: Path) -> None:
    if (best := study.overview.best) is not None and (found := _on_instruments(study, results_dir)):
        from fxai.cli.instrument_tables import print_values  # noqa: PLC0415 - SciPy is slow to load

        print_values(console, best.number, found)


def _on_instruments(study: FoundStudy, results_dir: Path) -> "Sequence[InstrumentValues]":
    """The best trial on each instrument; nothing for data without named instruments."""
    if not study.overview.traits.has_instruments or study.folder_fault:
        return ()
    from fxai.cli.instrument_tables import values_on_instruments  # noqa: PLC0415 - SciPy is slow to load

    return values_on_instruments(study.overview, results_dir)


def _print_next(console: Console, study: FoundStudy, begun: Collection[str], location: StudyLocation) -> None:
    if not study.folder_fault and (command := next_after(study, begun, location)):
        print_text(console, "", "Next:", f"  {command}")


def _most_important(importances: StoredImportances, overview: StudyOverview) -> str:
    """Parameters that are more important than chance, with the numbers of trials if further trials have ended."""
    shares = importances.most_important(_MOST_IMPORTANT)
    listed = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    now = (overview.count(StoredState.COMPLETE), overview.count(StoredState.PRUNED))
    then = (importances.completed, importances.pruned)
    since = "" if then == now else f" (as of {then[0]} completed and {counted(then[1], 'pruned trial')})"
    return f"Parameters with an importance above chance{since}: {listed}"


def _row(study: StudyOverview | StudyRecord, trial: TrialRecord) -> tuple[str, str, str]:
    value = "none"
    if trial.value is not None:
        value = number_text(study.metric, trial.value, trial.standard_error, trading=study.trading)
    return str(trial.number), value, "-" if trial.seconds is None else span(trial.seconds)


def _front_row(study: StudyOverview, trial: TrialRecord) -> tuple[str, ...]:
    seconds = "-" if trial.seconds is None else span(trial.seconds)
    values = (number_text(name, value, trading=study.trading) for name, value in trial.values.items())
    return (str(trial.number), *values, seconds)


def _shown(count: int, all_of_them: int) -> str:
    return "" if count == all_of_them else f" the first {count} of {all_of_them}"


def _gain_text(gain: Gain, overview: StudyOverview) -> str:
    """The difference to the transferred start values, with what limits it."""
    first = f"trial 0 ({gain.first})"
    if gain.best_trial == 0:
        return f"Difference to {gain.source}: none; {first} is the best trial"
    error = " (its standard error is not known)" if gain.standard_error is None else ""
    amount = difference_text(overview.metric, gain.amount, gain.standard_error, trading=overview.trading)
    return (
        f"Difference to {gain.source}: {amount}{error}, trial {gain.best_trial} compared with {first}, both on this "
        "study's budget. The best trial was chosen by these values, so the difference is optimistic."
        + (f" {gain.error_note}" if gain.error_note else "")
    )


def _as_json(
    study: FoundStudy, record: StudyRecord, begun: Collection[str], location: StudyLocation
) -> dict[str, JsonValue]:
    most = {} if study.importances is None else study.importances.most_important(_MOST_IMPORTANT)
    trials: list[JsonValue] = [trial.as_json() for trial in record.trials]
    found = () if study.folder_fault else files_of(Path(location.results_dir), record.name)
    files: list[JsonValue] = [str(path) for path in found]
    values = _on_instruments(study, Path(location.results_dir))
    on_instruments: list[JsonValue] = [each.as_json() for each in values]
    return {
        "summary": StudySummary.of(record, study.verdict).as_json(),
        "matters_most": json_value(most),
        "gain": None if study.gain is None else study.gain.as_json(),
        "next": None if study.folder_fault else next_after(study, begun, location),
        "files": files,
        **({"instruments": on_instruments} if on_instruments else {}),
        **({"folder_fault": study.folder_fault} if study.folder_fault else {}),
        "trials": trials,
    }
