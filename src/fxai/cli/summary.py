"""The study summary: counts, best value and best parameters."""

from collections.abc import Sequence

from rich.console import Console

from fxai.cli.output import print_sentences, print_table, print_text
from fxai.formatting import counted, figure, legible
from fxai.metric_text import number_text
from fxai.results.best_verdict import BestVerdict
from fxai.results.printed_command import StudyLocation
from fxai.results.summary import StudySummary


def print_summary(console: Console, summary: StudySummary) -> None:
    """Print the table 'Study Summary' and the lines 'Best parameters'."""
    print_text(console, f"Study Summary: {legible(summary.study)}")
    print_table(console, ("Metric", "Value   "), _rows(summary))
    if summary.front is None and (explained := summary.errors.explained(trading=summary.trading)):
        print_sentences(console, explained)
    if beside := summary.beside_doing_nothing:
        print_sentences(console, beside)
    print_text(console, "")
    if summary.best_params is None:
        print_text(console, "Best parameters: none, because no trial has completed")
        return
    print_text(console, "Best parameters:")
    print_text(console, *(f"  {legible(name)}: {figure(value)}" for name, value in summary.best_params.items()))


def print_verdict(console: Console, verdict: BestVerdict, study: str, location: StudyLocation) -> None:
    """Print the verdict on the best trial, or why there is none and the command that judges it."""
    if found := verdict.sentences():
        print_sentences(console, "", *map(legible, found))
    if verdict.is_missing:
        print_text(console, "Test the best trial on the test split:", f"  {location.command('verdict', study)}")


def _rows(summary: StudySummary) -> Sequence[tuple[str, str]]:
    rows = [
        *_best(summary),
        ("Total trials", str(summary.total)),
        ("Completed trials", str(summary.completed)),
        ("Pruned trials", str(summary.pruned)),
        ("Failed trials", str(summary.failed)),
    ]
    optional = (("Unfinished trials", summary.running), ("Infeasible proposals", summary.infeasible))
    rule = () if summary.ended_by is None else (("Ended by", f"stop.{summary.ended_by.rule}"),)
    return [*rows, *((name, str(count)) for name, count in optional if count), *rule]


def _best(summary: StudySummary) -> Sequence[tuple[str, str]]:
    number = "none" if summary.best_trial is None else str(summary.best_trial)
    if summary.confirmed is not None and summary.confirmed.trial == summary.best_trial:
        fresh = number_text(
            summary.metric, summary.confirmed.value, summary.confirmed.standard_error, trading=summary.trading
        )
        seeds = counted(len(summary.confirmed.seeds), "fresh seed")
        return (("Best trial", number), (f"Value on {seeds}", fresh), ("Value in the search", _best_value(summary)))
    if summary.front is None:
        return (("Best value", _best_value(summary)), ("Best trial", number))
    knee = [
        (f"  {name}", number_text(name, value, trading=summary.trading)) for name, value in summary.best_values.items()
    ]
    return (("Pareto front", str(summary.front)), ("Knee", number), *knee)


def _best_value(summary: StudySummary) -> str:
    if summary.best_value is None:
        return "none"
    return number_text(summary.metric, summary.best_value, summary.standard_error, trading=summary.trading)
