"""`HPOResultsManager`: saves and loads the results of studies in a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fxai.api.studies import DEFAULT_RESULTS_DIR
from fxai.api.study_folders import studies_in
from fxai.atomic_write import copy
from fxai.errors import InputError
from fxai.protocol import ParamValue
from fxai.results.paths import StudyPaths
from fxai.results.study_results import StudyResults
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.suggestion import did_you_mean


class HPOResultsManager:
    """The studies in a folder, by name. Reads results files and needs no database."""

    def __init__(self, results_dir: str | Path = DEFAULT_RESULTS_DIR) -> None:
        self.results_dir = expanded_path(results_dir)

    def names(self) -> Sequence[str]:
        """Names of the studies."""
        return tuple(studies_in(self.results_dir))

    def load(self, study_name: str) -> StudyResults:
        """The results of a study, from its results file. Raises `InputError` if there is no such study."""
        found = studies_in(self.results_dir)
        if study_name not in found:
            names = ", ".join(found)
            hint = did_you_mean(study_name, found) or "."
            raise InputError(f"{self.results_dir} has no study {study_name!r}{hint} Studies: {names}")
        return found[study_name]

    def best_params(self, study_name: str) -> Mapping[str, ParamValue]:
        return self.load(study_name).best_params

    def save(self, results: StudyResults) -> Path:
        """Copy a study's result files into this folder, without the files of trials and without logs.

        Returns:
            The study's folder in this folder.

        Raises:
            InputError: The study has no results file yet.
        """
        source, target = results.paths, StudyPaths(self.results_dir, results.name)
        results.check_folder()
        if not source.results.is_file():
            raise InputError(f"{results.name} has no results file {source.results}: a run writes it at its end")
        if source.directory.resolve() != target.directory.resolve():
            for path in (each for each in sorted(source.directory.iterdir()) if each.is_file()):
                copy(path, target.directory / path.name)
        return target.directory
