"""`fxai best STUDY`: the best parameters so far."""

from typing import Annotated

import typer

from fxai.cli.options import DEFAULT_STORAGE, AsJson, StorageUrl, StudyName
from fxai.cli.output import print_json, stdout
from fxai.cli.stored_studies import stored_brief
from fxai.cli.summary import print_summary
from fxai.results.pick import picked
from fxai.results.summary import StudySummary


def best(
    study: StudyName,
    *,
    pick: Annotated[
        str | None,
        typer.Option(metavar="knee|METRIC", help="Of several objectives: the compromise, or the best in one metric."),
    ] = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    as_json: AsJson = False,
) -> None:
    """Show a study's summary and its best parameters.

    Of several objectives the best trial is the knee of the Pareto front unless another is picked.
    """
    brief = stored_brief(storage, study)
    summary = StudySummary.of(brief if pick is None else picked(brief, pick))
    if as_json:
        print_json(summary.as_json())
    else:
        print_summary(stdout(), summary)
