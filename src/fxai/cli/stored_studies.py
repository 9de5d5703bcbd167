"""The studies of a database as records, to look at."""

from collections.abc import Sequence

from fxai.results.record import StudyRecord
from fxai.search.studies import is_archived, load_study, study_names


def stored_study(storage: str, name: str) -> StudyRecord:
    """One study; a `StudyNotFoundError` names those that are there."""
    return StudyRecord.of(load_study(storage, name))


def stored_studies(storage: str) -> Sequence[StudyRecord]:
    """All studies but those that --fresh set aside, the oldest first."""
    return [stored_study(storage, name) for name in study_names(storage) if not is_archived(name)]
