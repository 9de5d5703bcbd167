"""What a study has come to, in memory: its trials, and where its files lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from optuna import Study

from fxai.errors import InputError
from fxai.formatting import figure
from fxai.metric_text import number_text
from fxai.protocol import ParamValue
from fxai.results.folder_key import check_folder
from fxai.results.html_table import html_table
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.summary import StudySummary
from fxai.results.trials_file import read_study
from fxai.search.studies import load_study


@dataclass(frozen=True)
class StudyResults:
    """A study as it stood when it was read; a notebook shows its summary.

    `study` is Optuna's, with all trials in memory, for whatever else one wants to ask it.
    """

    study: Study
    paths: StudyPaths
    storage: str | None = None  # the database that it was read from; None for a results file

    @classmethod
    def stored(cls, storage: str, name: str, results_dir: Path) -> "StudyResults":
        """A study of a database; errors as of `load_study`."""
        return cls(load_study(storage, name), StudyPaths(results_dir, name), storage)

    @classmethod
    def in_file(cls, path: Path) -> "StudyResults":
        """A study by its results file, `<study>_results.json`, or by the folder that holds it."""
        file = _results_file(path) if path.is_dir() else path
        study = read_study(file)
        return cls(study, StudyPaths(file.absolute().parent.parent, study.study_name))

    def check_folder(self) -> None:
        """Raise an `InputError` if the folder of its files is that of another study."""
        if self.storage is not None:
            check_folder(self.paths, self.study.user_attrs)

    @cached_property
    def record(self) -> StudyRecord:
        return StudyRecord.of(self.study)

    @cached_property
    def summary(self) -> StudySummary:
        return StudySummary.of(self.record)

    @property
    def name(self) -> str:
        return self.study.study_name

    @property
    def best(self) -> TrialRecord:
        """The best trial; an `InputError` where none is complete."""
        if self.record.best is None:
            raise InputError(f"the study {self.name!r} has no best trial: none is complete")
        return self.record.best

    @property
    def best_params(self) -> Mapping[str, ParamValue]:
        return self.best.params

    @property
    def best_value(self) -> float:
        return self.best.value or 0.0

    @property
    def best_text(self) -> str:
        """The best value as people read it; an `InputError` where no trial is complete."""
        best, record = self.best, self.record
        return number_text(record.metric, best.value or 0.0, best.standard_error, trading=record.trading)

    def __repr__(self) -> str:
        best = (
            "no trial is complete" if self.record.best is None else f"best {self.best_text} by trial {self.best.number}"
        )
        return f"<StudyResults {self.name}: {self.summary.finished} trials, {best}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        summary = self.summary
        counts = f"{summary.completed} completed, {summary.pruned} pruned, {summary.failed} failed"
        rows = [("Trials", counts)]
        if self.record.best is not None:
            value = f"{self.record.metric} {self.best_text}, {self.record.direction}d"
            rows += [("Best trial", str(self.best.number)), ("Best value", value)]
            rows += [(name, figure(each)) for name, each in self.best.params.items()]
        return html_table(f"Study {self.name}", ("", ""), rows)


def _results_file(folder: Path) -> Path:
    files = sorted(folder.glob("*_results.json"))
    if len(files) != 1:
        there = ", ".join(path.name for path in files) or "none"
        raise InputError(f"{folder} is no study's folder: it holds one <study>_results.json; there is {there}")
    return files[0]
