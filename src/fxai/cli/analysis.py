"""`fxai analysis STUDY`: leading trials, importances, convergence and agreement."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console

from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, By, ResultsDir, StorageUrl, StudyName
from fxai.cli.output import print_json, print_sentences, print_table, print_text, stdout
from fxai.formatting import counted, figure, legible, span
from fxai.metric_text import number_text
from fxai.results.analysis import TOP, StudyAnalysis
from fxai.results.convergence import Convergence
from fxai.results.importances.interval import ParameterImportance
from fxai.results.importances.ranked import PRUNED_RANK
from fxai.results.rank_by import goal_named
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.stability import ParameterStability
from fxai.search.studies import load_study


def analysis(
    study: StudyName,
    *,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Number of leading trials to list.")] = TOP,
    by: By = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,  # noqa: ARG001 - of a URL, it has the database (results_at_url.py)
    as_json: AsJson = False,
) -> None:
    """Show importances, convergence and the leading trials.

    Prints the leading trials, the importance of each parameter with an interval, whether the search has converged,
    the parameter values of the leading trials, and the ranges whose best value lies at an end. A result that needs
    more trials is listed with the reason. With --by, another metric of the trials is analysed. A study with several
    objectives is analysed by the objective that prunes.
    """
    stored = load_study(storage, study)
    found = StudyAnalysis.of(stored, top=top, by=None if by is None else goal_named(StudyRecord.of(stored), by))
    if as_json:
        print_json(found.as_json())
    else:
        print_analysis(stdout(), found)


def print_analysis(console: Console, found: StudyAnalysis) -> None:
    """Print the analysis as text and tables."""
    counts = f"{found.completed} completed, {found.pruned} pruned, {found.failed} failed"
    print_text(console, f"{legible(found.study)}: {found.direction} {found.metric}; {counts}")
    _print_top(console, found)
    if found.importances:
        sample = _sample_note(found)
        print_text(console, "", f"Importance for {found.metric} (PED-ANOVA, shares add up to 1){sample}:")
        rows = [_importance_row(each) for each in found.importances]
        print_table(console, ("Parameter", "Share", "90 % interval", "More than chance"), rows)
        if found.importance_pruned:
            print_text(console, PRUNED_RANK)
    if found.stability:
        print_text(console, "", f"Parameter values of the {found.leaders} leading trials:")
        rows = [_stability_row(each) for each in found.stability]
        print_table(console, ("Parameter", "Best", "Leading trials", "Spread", "Agree"), rows)
    print_sentences(console, "", f"Converged: {_converged(found.convergence)}")
    edges = tuple(_edges(found))
    if edges:
        print_sentences(
            console, "", "Best value at an end of the range; better values may lie outside the range:", *edges
        )
    if found.remarks:
        print_sentences(console, "", "Not available yet:", *(f"  {remark}" for remark in found.remarks))


def _print_top(console: Console, found: StudyAnalysis) -> None:
    if found.best is None:
        return
    front = "" if found.front is None else f", the knee of the Pareto front ({counted(found.front, 'trial')})"
    print_text(console, f"Best trial: {found.best.number}{front}")
    if not found.top:
        return
    if found.confirmed and found.best.number != found.top[0].number:
        print_sentences(
            console,
            "It was chosen on fresh seeds. All that follows is of the values in the search, where trial "
            f"{found.top[0].number} is the best.",
        )
    metrics = list(found.best.values)
    headings = ("Trial", *(metrics or (found.metric,)), "Time")
    print_text(console, "", "Leading trials:" if found.front is None else f"Pareto front, ordered by {found.metric}:")
    print_table(console, headings, [_trial_row(found, trial, metrics) for trial in found.top])
    if not metrics and (explained := found.best.errors.explained(trading=found.trading)):
        print_sentences(console, explained)


def _trial_row(found: StudyAnalysis, trial: TrialRecord, metrics: Sequence[str]) -> tuple[str, ...]:
    value = "none"
    if trial.value is not None:
        value = number_text(found.metric, trial.value, trial.standard_error, trading=found.trading)
    values = tuple(number_text(name, trial.values[name], trading=found.trading) for name in metrics) or (value,)
    return (str(trial.number), *values, "-" if trial.seconds is None else span(trial.seconds))


def _sample_note(found: StudyAnalysis) -> str:
    completed = found.importance_trials - found.importance_pruned
    return f" from {found.importance_trials} of the trials" if completed < found.completed else ""


def _importance_row(each: ParameterImportance) -> tuple[str, ...]:
    interval = "-" if each.low is None or each.high is None else f"{each.low:.2f} to {each.high:.2f}"
    return each.name, f"{each.share:.2f}", interval, _yes_no(each.stands_out)


def _stability_row(each: ParameterStability) -> tuple[str, ...]:
    if each.low is None:
        leaders = f"{_percent(1 - each.spread)} have {figure(each.choice)}"
    else:
        leaders = figure(each.low) if each.low == each.high else f"{figure(each.low)} to {figure(each.high)}"
    return each.name, figure(each.best), leaders, _percent(each.spread), _yes_no(each.stable)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _yes_no(known: bool | None) -> str:  # noqa: FBT001 (a value to print, not an option)
    return "-" if known is None else "yes" if known else "no"


def _converged(found: Convergence) -> str:
    answer = {None: "not known", True: "yes", False: "not yet"}[found.converged]
    return f"{answer}; {found.reason}"


def _edges(found: StudyAnalysis) -> Iterator[str]:
    for edge in found.edges:
        near = f"{_percent(edge.leaders_near)} of the leading trials near"
        ends = "begins" if edge.side == "low" else "ends"
        yield f"  {legible(edge.name)}: best {figure(edge.best)}, the range {ends} at {figure(edge.bound)} ({near})"
