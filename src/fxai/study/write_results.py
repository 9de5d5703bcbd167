"""Writes the files of a study at the end of a run. A file that cannot be written is a warning."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from fxai.atomic_write import write_text
from fxai.errors import FxaiError
from fxai.protocol import StudyIdentity
from fxai.results.best_agent import write_best_agent
from fxai.results.best_verdict import NO_VERDICT, BestVerdict
from fxai.results.files import write_results
from fxai.results.importances.file import write_importances
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.provenance import Provenance
from fxai.results.record import StudyRecord
from fxai.results.summary import StudySummary
from fxai.results.winner_track import write_agent_track
from fxai.search.attributes import identity_of
from fxai.search.studies import load_study
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.study import StudySpec
from fxai.spec.search.verdict import VerdictConfig
from fxai.study.committees import Committees, judged_study
from fxai.study.early_plots import EarlyPlots
from fxai.study.events import Ending, StudyEnded

if TYPE_CHECKING:
    from fxai.results.study_verdict import StudyVerdict

_BY_RUNNING = "; run the same command again to write it"
_AS_IT_RAN = "The spec of this study as it ran, with all values from presets, other files, options and transfers."


@dataclass(frozen=True, slots=True)
class FailedTrial:
    """A trial that failed, and why."""

    number: int
    message: str


class RunStatus(StrEnum):
    """How a run of a study ended, for the program that started it."""

    SUCCEEDED = "succeeded"
    INTERRUPTED = "interrupted"
    FAILING = "failing"  # the run ended because too many trials in a row failed
    INCOMPLETE = "incomplete"  # no trial is complete, or the results could not be written


@dataclass(frozen=True, slots=True)
class StudyOutcome:
    """How a run of a study ended, and the files that it wrote."""

    study: StudySpec  # as it ran, with its transfer applied
    ended: StudyEnded
    summary: StudySummary
    files: tuple[Path, ...]
    warnings: tuple[str, ...] = ()  # files that could not be written, and how to write them later
    results_written: bool = True  # whether the results are written; plots and report may be missing
    failure: FailedTrial | None = None  # a failed trial, if no trial has finished or failures ended the run
    verdict: BestVerdict = NO_VERDICT  # on the best trial, from this run or an earlier one
    judged: "StudyVerdict | None" = None  # the verdict of this run, of a study with `verdict`

    @property
    def status(self) -> RunStatus:
        match self.ended.ending:
            case Ending.INTERRUPTED:
                return RunStatus.INTERRUPTED
            case Ending.FAILING:
                return RunStatus.FAILING
        usable = self.ended.progress.complete and self.results_written
        return RunStatus.SUCCEEDED if usable else RunStatus.INCOMPLETE


def write_study_files(
    study: StudySpec, paths: StudyPaths, data_hash: str | None, ended: StudyEnded, early: EarlyPlots, *, plots: bool
) -> StudyOutcome:
    """Write results, plots and report. A file that cannot be written is a warning, and the others are still written.

    A study without a finished trial has no plots. Plots of `early` are not drawn again.
    """
    early.wait()
    from fxai.results.importances.interval import Importances  # noqa: PLC0415 - slow to load, as the three below
    from fxai.results.plots.write import write_plots  # noqa: PLC0415
    from fxai.results.report.index import write_row_and_index  # noqa: PLC0415
    from fxai.results.report.write import write_report  # noqa: PLC0415

    provenance = Provenance.of(study, data_hash)
    stored = load_study(study.storage, study.study_name)
    record = StudyRecord.of(stored)
    summary = StudySummary.of(record)
    writing = _Writing(study, paths.results_dir)
    if not paths.spec.exists():  # the folder was deleted during the run, or the disk was full
        writing.warnings.extend(spec_as_it_ran(study, paths))
    verdict = None
    if isinstance(study.verdict, VerdictConfig) and summary.best_trial is not None and not ended.is_stopped:
        verdict = _judged(study, record, identity_of(stored.user_attrs), paths, writing)
    writing.add("", lambda: write_best_agent(record, study, paths))
    results_written = writing.add(_BY_RUNNING, lambda: write_results(stored, study, paths, provenance))
    writing.add("", lambda: write_agent_track(paths))
    drawn = early.of(record)
    importances = Importances.of(stored) if drawn is None else drawn.importances
    writing.add("", lambda: (write_importances(stored, importances, paths.importances),))
    if drawn is not None:
        writing.add("plot", lambda: drawn.files)
    elif plots and (summary.completed or summary.pruned):
        writing.add("plot", lambda: write_plots(stored, paths))
    if plots:
        writing.add("report", lambda: (write_report(stored, paths, study.storage, importances),))
    writing.add("", lambda: write_row_and_index(stored, paths))
    failure = _telling_failure(record, summary, ended.ending)
    files, warnings = tuple(writing.files), tuple(writing.warnings)
    best = BestVerdict.of(study.study_name, record.traits, summary.best_trial, paths.results_dir)
    return StudyOutcome(study, ended, summary, files, warnings, results_written, failure, best, verdict)


def _judged(
    study: StudySpec, record: StudyRecord, identity: StudyIdentity, paths: StudyPaths, writing: "_Writing"
) -> "StudyVerdict | None":
    """The verdict on the best trial; None, with a warning, if there is none."""
    from fxai.study.judge import judge  # noqa: PLC0415 - only a verdict needs it

    found: list[StudyVerdict] = []

    def judge_and_write() -> Iterable[Path]:
        settings = study.verdict if isinstance(study.verdict, VerdictConfig) else VerdictConfig()
        judged = judged_study(study, record, identity, on_test_split=True)
        committees = Committees(judged, paths, settings.seeds, settings.neighbours)
        if committees.missing:  # the run has said why
            return ()
        try:
            found.append(judge(committees, record, paths, confidence=settings.confidence))
        except (FxaiError, OSError):
            raise
        except Exception as error:  # a fault here must not keep the run from writing its results
            raise FxaiError(f"the verdict failed: {type(error).__name__}: {error}") from error
        return (paths.verdict,)

    writing.add("verdict", judge_and_write)
    return next(iter(found), None)


class _Writing:
    """The files that were written, and warnings of those that could not be written."""

    def __init__(self, study: StudySpec, results_dir: Path) -> None:
        self._study, self._results_dir = study, results_dir
        self.files: list[Path] = []
        self.warnings: list[str] = []

    def add(self, by: str, write: Callable[[], Iterable[Path]]) -> bool:
        """Call `write` and note its files. Returns False, with a warning, if a file cannot be written.

        `by` is the command that writes the file later.
        """
        try:
            self.files.extend(write())
        except (FxaiError, OSError) as error:
            self.warnings.append(f"{error}{self._later(by)}")
            return False
        return True

    def _later(self, by: str) -> str:
        if by in {"", _BY_RUNNING}:
            return by
        command = StudyLocation(self._study.storage, self._results_dir).command(by, self._study.study_name)
        return f"; run {command} to write it"


def spec_as_it_ran(study: StudySpec, paths: StudyPaths) -> tuple[str, ...]:
    """Write the study's spec into its folder. Returns a message if the spec cannot be written."""
    try:
        write_text(paths.spec, standalone_spec(study, _AS_IT_RAN))
    except FxaiError as error:
        return (str(error),)
    return ()


def _telling_failure(record: StudyRecord, summary: StudySummary, ending: Ending) -> FailedTrial | None:
    """The first failed trial if no trial has finished, or the last one if failures in a row ended the run."""
    failed = [FailedTrial(each.number, each.failure.message) for each in record.trials if each.failure is not None]
    if failed and not (summary.completed or summary.pruned):
        return failed[0]
    return failed[-1] if failed and ending is Ending.FAILING else None
