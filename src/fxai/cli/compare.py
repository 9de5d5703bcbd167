"""`fxai compare STUDY...`: several studies side by side."""

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
            help="Names of studies; FILE#STUDY for one in another database.",
            show_default=False,
            autocompletion=complete_study,
        ),
    ],
    *,
    by: By = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"Page to write; {PAGE} in the results folder unless given."),
    ] = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Put several studies side by side, here and on a page.

    Best values with their standard errors, the best value over trials and over time, importances, and where the
    studies' ranges and best parameters meet. A name is looked for in --storage; old.db#NAME or URL#NAME is one in
    another database, and old.db# or URL# all studies there. Studies of different metrics are kept apart, unless
    --by names a metric that the trials of all of them have.

    With --json a page is written only where --output says so.
    """
    comparison = Comparison.of(references(studies, storage), by)
    if as_json:
        print_json(comparison.as_json())
    else:
        print_comparison(stdout(), comparison)
    if as_json and output is None:
        return
    from fxai.results.comparison.page import write_comparison  # noqa: PLC0415 (plotly, which the tables do not need)

    path = write_comparison(comparison, output or expanded_path(results_dir) / PAGE)
    if not as_json:
        print_text(stdout(), "", f"Page: {path}")


def print_comparison(console: Console, comparison: Comparison) -> None:
    """The tables of a comparison, for people."""
    for group in comparison.groups:
        _print_group(console, group)
    if len(comparison.groups) > 1:
        print_sentences(
            console, "The studies optimise different metrics, or one in different directions: see --by.", ""
        )
    labels = tuple(study.label for study in comparison.studies)
    if rows := importance_rows(comparison):
        print_text(console, "Importances (90 % intervals):")
        print_table(console, ("Parameter", *labels), rows)
        print_text(console, "")
    if rows := parameter_rows(comparison):
        print_text(console, "Best values of the parameters that several have searched:")
        print_table(console, parameter_headings(comparison), rows)
    else:
        print_text(console, "They have no parameter in common.")
    for label, paths in comparison.unshared.items():
        print_sentences(console, f"Only {legible(label)} has searched {', '.join(map(legible, paths))}")


def _print_group(console: Console, group: Group) -> None:
    print_text(console, f"{group.goal.direction} {group.goal.metric}:")
    print_table(console, study_headings(group), study_rows(group))
    note = level_note(group)
    print_sentences(console, *(() if note is None else (note,)), legible(group.summary))
    print_sentences(console, *map(legible, group.cautions), "")
