"""`fxai best STUDY`: summary and best parameters of a study."""

from typing import Annotated

import typer

from fxai.cli.options import DEFAULT_STORAGE, AsJson, StorageUrl, StudyName
from fxai.cli.output import print_json, stdout
from fxai.cli.stored_studies import stored_overview
from fxai.cli.summary import print_summary
from fxai.results.pareto_selection import selected_trial
from fxai.results.summary import StudySummary


def best(
    study: StudyName,
    *,
    pick: Annotated[
        str | None,
        typer.Option(
            metavar="knee|METRIC",
            help="With several objectives: the knee of the front, or the best trial in one metric.",
        ),
    ] = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    as_json: AsJson = False,
) -> None:
    """Show a study's summary and its best parameters.

    With several objectives, the best trial is the knee of the Pareto front, unless --pick chooses another.
    """
    overview = stored_overview(storage, study)
    summary = StudySummary.of(overview if pick is None else selected_trial(overview, pick))
    if as_json:
        print_json(summary.as_json())
    else:
        print_summary(stdout(), summary)
