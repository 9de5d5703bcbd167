"""Reads the studies of a database for `best`, `results` and `show`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import StorageError
from fxai.results.best_verdict import BestVerdict
from fxai.results.folder_key import foreign_folder
from fxai.results.gain import Gain, gain
from fxai.results.importances.file import StoredImportances, read_importances
from fxai.results.paths import StudyPaths, folder_fault
from fxai.results.record import StudyRecord
from fxai.results.study_overview import StudyOverview
from fxai.search.studies import is_archived, stored_study, study_names


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study with its overview, importances and gain."""

    overview: StudyOverview
    importances: StoredImportances | None  # from the file that the last run wrote
    gain: Gain | None  # over the source study of its transfer
    verdict: BestVerdict  # on its best trial
    folder_fault: str | None = None  # why the study has no results folder


@dataclass(frozen=True, slots=True)
class FoundStudies:
    """The readable studies, and one message for each other study."""

    studies: Sequence[FoundStudy]
    faults: Sequence[str] = ()


def stored_overview(storage: str, name: str) -> StudyOverview:
    """A study's overview.

    Raises:
        StudyNotFoundError: The database has no such study; the message names its studies.
    """
    with stored_study(storage, name) as study:
        return StudyOverview.of(study)


def stored_record(storage: str, name: str) -> StudyRecord:
    """A study with all its trials. Raises `StudyNotFoundError`."""
    with stored_study(storage, name) as study:
        return StudyRecord.of_trials(study, study.trials())


def found_study(storage: str, name: str, results_dir: Path) -> FoundStudy:
    """A study with the results from its folder. Raises `StudyNotFoundError`."""
    with stored_study(storage, name) as study:
        overview = StudyOverview.of(study)
        fault = folder_fault(name) or foreign_folder(StudyPaths(results_dir, name), study.user_attrs)
    paths = None if fault else StudyPaths(results_dir, name)
    importances = None if paths is None else read_importances(paths.importances)
    return FoundStudy(overview, importances, gain(overview, paths), verdict_of(overview, results_dir), fault)


def verdict_of(study: StudyOverview | StudyRecord, results_dir: Path) -> BestVerdict:
    """The verdict on a study's best trial, from its folder of results."""
    best = None if study.best is None else study.best.number
    return BestVerdict.of(study.name, study.traits, best, results_dir)


def found_studies(storage: str, results_dir: Path) -> FoundStudies:
    """All studies except those that --fresh archived, the oldest first."""
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
