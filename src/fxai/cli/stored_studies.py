"""The studies of a database as records, to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from fxai.results.gain import Gain, gain
from fxai.results.importance import importances
from fxai.results.record import StudyRecord
from fxai.search.studies import is_archived, load_study, study_names

_MATTER_MOST = 3


@dataclass(frozen=True, slots=True)
class StoredStudy:
    """A study with what its trials say together."""

    record: StudyRecord
    matters_most: Mapping[str, float]  # the most important parameters with their shares
    gain: Gain | None  # over the study that it took over from


def stored_record(storage: str, name: str) -> StudyRecord:
    """The trials of one study; a `StudyNotFoundError` names the studies that are there."""
    return StudyRecord.of(load_study(storage, name))


def stored_study(storage: str, name: str) -> StoredStudy:
    """One study; errors as of `stored_record`."""
    study = load_study(storage, name)
    most = dict(islice(importances(study).items(), _MATTER_MOST))
    return StoredStudy(StudyRecord.of(study), most, gain(study))


def stored_studies(storage: str) -> Sequence[StoredStudy]:
    """All studies but those that --fresh set aside, the oldest first."""
    return [stored_study(storage, name) for name in study_names(storage) if not is_archived(name)]
