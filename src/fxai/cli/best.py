"""`fxai best STUDY`: summary and best parameters of a study."""

from typing import Annotated

import typer

from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl, StudyName
from fxai.cli.output import print_json, stdout
from fxai.cli.stored_studies import stored_overview, verdict_of
from fxai.cli.summary import print_summary, print_verdict
from fxai.results.pareto_selection import selected_trial
from fxai.results.printed_command import StudyLocation
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
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Show a study's summary, its best parameters and the verdict.

    With several objectives, the best trial is the knee of the Pareto front, unless --pick chooses another.
    """
    overview = stored_overview(storage, study)
    chosen = overview if pick is None else selected_trial(overview, pick)
    verdict = verdict_of(chosen, results_dir)
    summary = StudySummary.of(chosen, verdict)
    if as_json:
        print_json(summary.as_json())
    else:
        print_summary(stdout(), summary)
        print_verdict(stdout(), verdict, study, StudyLocation(storage, results_dir))
