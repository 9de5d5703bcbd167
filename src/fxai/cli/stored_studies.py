"""The studies of a database as records, to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import StorageError
from fxai.results.folder_key import foreign_folder
from fxai.results.gain import Gain, gain
from fxai.results.importances.file import StoredImportances, read_importances
from fxai.results.paths import StudyPaths, folder_fault
from fxai.results.record import StudyRecord
from fxai.results.study_overview import StudyOverview
from fxai.search.studies import is_archived, stored_study, study_names


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study with what its trials say together."""

    overview: StudyOverview
    importances: StoredImportances | None  # as the end of a run left them
    gain: Gain | None  # over the study that it took over from
    folder_fault: str | None = None  # why there is no folder of its results


@dataclass(frozen=True, slots=True)
class FoundStudies:
    """The studies that can be read, and why the others cannot."""

    studies: Sequence[FoundStudy]
    faults: Sequence[str] = ()


def stored_overview(storage: str, name: str) -> StudyOverview:
    """A study and those of its trials that lead; a `StudyNotFoundError` names the studies that are there."""
    with stored_study(storage, name) as study:
        return StudyOverview.of(study)


def stored_record(storage: str, name: str) -> StudyRecord:
    """A study with all its trials; errors as of `stored_brief`."""
    with stored_study(storage, name) as study:
        return StudyRecord.made_of(study, study.trials())


def found_study(storage: str, name: str, results_dir: Path) -> FoundStudy:
    """A study with what lies among its files; errors as of `stored_brief`."""
    with stored_study(storage, name) as study:
        overview = StudyOverview.of(study)
        fault = folder_fault(name) or foreign_folder(StudyPaths(results_dir, name), study.user_attrs)
    importances = None if fault else read_importances(StudyPaths(results_dir, name).importances)
    return FoundStudy(overview, importances, gain(overview), fault)


def found_studies(storage: str, results_dir: Path) -> FoundStudies:
    """All studies but those that --fresh set aside, the oldest first."""
    studies: list[FoundStudy] = []
    faults: list[str] = []
    for name in study_names(storage):
        if is_archived(name):
            continue
        try:
            studies.append(found_study(storage, name, results_dir))
        except StorageError as error:
            faults.append(str(error))
    return FoundStudies(studies, faults)
