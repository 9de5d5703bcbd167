"""`fxai best STUDY`: the best parameters so far."""

from fxai.cli.options import DEFAULT_STORAGE, AsJson, StorageUrl, StudyName
from fxai.cli.output import print_json, stdout
from fxai.cli.stored_studies import stored_record
from fxai.cli.summary import print_summary
from fxai.results.summary import StudySummary


def best(study: StudyName, *, storage: StorageUrl = DEFAULT_STORAGE, as_json: AsJson = False) -> None:
    """Show a study's summary and its best parameters."""
    summary = StudySummary.of(stored_record(storage, study))
    if as_json:
        print_json(summary.as_json())
    else:
        print_summary(stdout(), summary)
