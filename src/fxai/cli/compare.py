"""`fxai compare STUDY...`: comparison of several studies."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fxai.cli.completion import complete_study
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, By, ResultsDir, StorageUrl
from fxai.cli.output import print_json, print_sentences, print_table, print_text, stdout
from fxai.formatting import legible
from fxai.results.comparison.comparison import Comparison, Group
from fxai.results.comparison.reference import references
from fxai.results.comparison.tables import (
    error_note,
    importance_rows,
    level_note,
    parameter_headings,
    parameter_rows,
    study_headings,
    study_rows,
)
from fxai.spec.fields.environment import expanded_path

PAGE = "compare.html"


def compare(
    studies: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY",
            help="Names of studies; FILE#STUDY for a study in another database.",
            show_default=False,
            autocompletion=complete_study,
        ),
    ],
    *,
    by: By = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"Page to write. Default: {PAGE} in the results folder."),
    ] = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Compare several studies in the terminal and on a page.

    Shows the best values with their standard errors, the best value by trial number and by elapsed time, the
    importances, the common ranges and best parameters, and the verdicts. A name is looked up in --storage. old.db#NAME
    or URL#NAME is a study in another database; old.db# or URL# means all studies in it. Studies with different metrics
    are compared in separate groups, unless --by names a metric that all their trials have.

    With --json, a page is written only if --output is given.
    """
    comparison = Comparison.of(references(studies, storage), by, expanded_path(results_dir))
    if as_json:
        print_json(comparison.as_json())
    else:
        print_comparison(stdout(), comparison)
    if as_json and output is None:
        return
    from fxai.results.comparison.page import write_comparison  # noqa: PLC0415 (plotly; the tables do not need it)

    path = write_comparison(comparison, output or expanded_path(results_dir) / PAGE)
    if not as_json:
        print_text(stdout(), "", f"Page: {path}")


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print the tables of a comparison."""
    for group in comparison.groups:
        _print_group(console, group)
    if len(comparison.groups) > 1:
        print_sentences(
            console, "The studies optimise different metrics or directions. --by compares them by one metric.", ""
        )
    labels = tuple(study.label for study in comparison.studies)
    if rows := importance_rows(comparison):
        print_text(console, "Importances (90 % intervals):")
        print_table(console, ("Parameter", *labels), rows)
        print_text(console, "")
    if rows := parameter_rows(comparison):
        print_text(console, "Best values of the parameters that several studies search:")
        print_table(console, parameter_headings(comparison), rows)
    else:
        print_text(console, "The studies have no parameter in common.")
    for label, paths in comparison.unshared.items():
        print_sentences(console, f"Only {legible(label)} searches {', '.join(map(legible, paths))}")


def _print_group(console: Console, group: Group) -> None:
    print_text(console, f"{group.goal.direction} {group.goal.metric}:")
    print_table(console, study_headings(group), study_rows(group))
    notes = [note for note in (error_note(group), level_note(group)) if note is not None]
    print_sentences(console, *notes, legible(group.summary))
    print_sentences(console, *map(legible, group.cautions), "")
