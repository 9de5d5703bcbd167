"""Results of a study in memory, with the paths of its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from optuna import Study

from fxai.errors import InputError
from fxai.formatting import figure
from fxai.metric_text import number_text
from fxai.protocol import ParamValue
from fxai.results.best_verdict import BestVerdict
from fxai.results.folder_key import check_folder
from fxai.results.html_table import html_table
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.summary import StudySummary
from fxai.results.trials_file import read_study
from fxai.search.studies import load_study

if TYPE_CHECKING:
    from fxai.results.study_verdict import StudyVerdict


@dataclass(frozen=True)
class StudyResults:
    """Results of a study at the time of reading. A notebook shows its summary.

    Attributes:
        study: Optuna's study with all trials in memory.
        paths: Paths of the study's files.
        storage: URL of the database; None for a results file.
    """

    study: Study
    paths: StudyPaths
    storage: str | None = None

    @classmethod
    def stored(cls, storage: str, name: str, results_dir: Path) -> "StudyResults":
        """Read a study from a database. Raises the errors of `load_study`."""
        return cls(load_study(storage, name), StudyPaths(results_dir, name), storage)

    @classmethod
    def in_file(cls, path: Path) -> "StudyResults":
        """Read a study from its results file, `<study>_results.json`, or from the folder with this file."""
        file = _results_file(path) if path.is_dir() else path
        study = read_study(file)
        return cls(study, StudyPaths(file.absolute().parent.parent, study.study_name))

    def check_folder(self) -> None:
        """Raise `InputError` if the results folder has the files of another study."""
        if self.storage is not None:
            check_folder(self.paths, self.study.user_attrs)

    @cached_property
    def record(self) -> StudyRecord:
        return StudyRecord.of(self.study)

    @cached_property
    def summary(self) -> StudySummary:
        return StudySummary.of(self.record)

    @cached_property
    def verdict(self) -> "StudyVerdict | None":
        """The verdict on the best trial on the test split; None without one, or if the last one is on another trial.

        Raises:
            InputError: `verdict.json` cannot be read.
        """
        if self._best_verdict.current is None:
            return None
        from fxai.results.study_verdict import read_study_verdict  # noqa: PLC0415 - SciPy is slow to load

        return read_study_verdict(self.paths.verdict)

    @cached_property
    def _best_verdict(self) -> BestVerdict:
        best = None if self.record.best is None else self.record.best.number
        return BestVerdict.of(self.name, self.record.traits, best, self.paths.results_dir)

    @property
    def name(self) -> str:
        return self.study.study_name

    @property
    def best(self) -> TrialRecord:
        """The best trial. Raises `InputError` if no trial has completed."""
        if self.record.best is None:
            raise InputError(f"the study {self.name!r} has no best trial: no trial has completed")
        return self.record.best

    @property
    def best_params(self) -> Mapping[str, ParamValue]:
        return self.best.params

    @property
    def best_value(self) -> float:
        """The value in the search, or on fresh seeds if a confirmation chose a pruned trial."""
        return self.record.best_value or 0.0

    @property
    def best_text(self) -> str:
        """The best value as text, with its standard error. Raises `InputError` if no trial has completed."""
        best, record = self.best, self.record
        return number_text(record.metric, self.best_value, best.standard_error, trading=record.trading)

    def __repr__(self) -> str:
        best = (
            "no trial has completed"
            if self.record.best is None
            else f"best {self.best_text} by trial {self.best.number}"
        )
        judged = "" if self._best_verdict.current is None else f", verdict: {self._best_verdict.current.text}"
        return f"<StudyResults {self.name}: {self.summary.finished} trials, {best}{judged}>"

    def _repr_html_(self) -> str:
        """The table that a notebook shows."""
        summary = self.summary
        counts = f"{summary.completed} completed, {summary.pruned} pruned, {summary.failed} failed"
        rows = [("Trials", counts)]
        if self.record.best is not None:
            value = f"{self.record.metric} {self.best_text}, {self.record.direction}d"
            rows += [("Best trial", str(self.best.number)), ("Best value", value)]
            explained = self.best.errors.explained(trading=self.record.trading)
            if self._best_verdict.current is not None:
                rows.append(("Verdict", self._best_verdict.current.text))
            rows += [("±", explained.removeprefix("± is "))] if explained else []
            rows += [(name, figure(each)) for name, each in self.best.params.items()]
        return html_table(f"Study {self.name}", ("", ""), rows)


def _results_file(folder: Path) -> Path:
    files = sorted(folder.glob("*_results.json"))
    if len(files) != 1:
        names = ", ".join(path.name for path in files) or "none"
        raise InputError(f"{folder} is not the folder of one study: expected one <study>_results.json, found {names}")
    return files[0]
