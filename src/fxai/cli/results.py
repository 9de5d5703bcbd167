"""`fxai results [STUDY]`: what the studies found, and where their files lie."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Console

from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl
from fxai.cli.output import print_json, print_table, print_text, stdout
from fxai.cli.stored_studies import stored_studies, stored_study
from fxai.cli.summary import print_summary
from fxai.cli.wording import estimate, span
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.summary import StudySummary

_LEADERS = 5


def results(
    study: Annotated[str | None, typer.Argument(metavar="STUDY", help="Name of a study; all unless given.")] = None,
    *,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Show what the studies found, and where their files lie."""
    records = stored_studies(storage) if study is None else [stored_study(storage, study)]
    if as_json:
        print_json([_as_json(record, results_dir) for record in records])
        return
    console = stdout()
    if not records:
        print_text(console, "No studies yet. Start one: fxai run --spec quick_search")
    for place, record in enumerate(records):
        if place:
            print_text(console, "")
        _print_study(console, record, results_dir)


def files_of(results_dir: Path, study: str) -> Sequence[Path]:
    """The result files of a study that are there."""
    directory = StudyPaths(results_dir, study).directory
    return sorted(path for path in directory.glob("*") if path.is_file() and not path.name.startswith("."))


def leading_trials(record: StudyRecord, count: int) -> Sequence[TrialRecord]:
    """The best of the completed trials, the best first."""
    valued = [trial for trial in record.trials if trial.value is not None]
    sign = -1 if record.direction == "maximize" else 1
    return sorted(valued, key=lambda trial: sign * (trial.value or 0.0))[:count]


def _print_study(console: Console, record: StudyRecord, results_dir: Path) -> None:
    print_summary(console, StudySummary.of(record))
    leaders = leading_trials(record, _LEADERS)
    if len(leaders) > 1:
        print_text(console, "", "Leading trials:")
        print_table(console, ("Trial", record.metric, "Time"), [_row(trial) for trial in leaders])
    files = files_of(results_dir, record.name)
    if files:
        print_text(console, "", "Files:", *(f"  {path}" for path in files))


def _row(trial: TrialRecord) -> tuple[str, str, str]:
    value = "none" if trial.value is None else estimate(trial.value, trial.standard_error)
    return str(trial.number), value, "-" if trial.seconds is None else span(trial.seconds)


def _as_json(record: StudyRecord, results_dir: Path) -> dict[str, JsonValue]:
    trials: list[JsonValue] = [trial.as_json() for trial in record.trials]
    files: list[JsonValue] = [str(path) for path in files_of(results_dir, record.name)]
    return {"summary": StudySummary.of(record).as_json(), "files": files, "trials": trials}
