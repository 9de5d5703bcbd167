"""Index page of a results folder: all its studies, with links to their reports.

The folder of each study has the study's row in a small file, written with its report. The page is made from these
files, so it has the studies of all databases that use the folder.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from optuna import Study

import fxai
from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.formatting import figure
from fxai.metric_text import number_text
from fxai.results.best_verdict import BestVerdict
from fxai.results.page.render import page_html
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.report.write import write_report
from fxai.results.strict_json import json_text
from fxai.results.trials_file import read_study
from fxai.search.stored_trial import StoredState
from fxai.search.studies import is_archived
from fxai.spec.fields.environment import expanded_path

INDEX = "index.html"
_WIDTH, _HEIGHT = 120, 30  # pixels of the sparkline of the best value so far


@dataclass(frozen=True, slots=True)
class Row:
    """One study on the page."""

    study: str
    goals: str
    best: str
    gained: str  # best value so far, as the points of an SVG polyline
    trials: str
    last: str  # end of the latest trial, UTC
    verdict: str = ""  # word of the verdict on the best trial

    @classmethod
    def of(cls, record: StudyRecord, results_dir: Path) -> "Row":
        best = record.best
        judged = BestVerdict.of(record.name, record.traits, None if best is None else best.number, results_dir)
        ended = [trial.ended for trial in record.trials if trial.ended is not None]
        states = ((StoredState.COMPLETE, "completed"), (StoredState.PRUNED, "pruned"), (StoredState.FAIL, "failed"))
        counts = [f"{count:,} {word}" for state, word in states if (count := record.count(state))]
        if running := record.count(StoredState.RUNNING):
            counts.append(f"{running} running")
        return cls(
            study=record.name,
            goals=", ".join(f"{goal.direction} {goal.metric}" for goal in record.goals),
            best="-" if best is None else _best(record, best),
            gained=_line(record),
            trials=", ".join(counts) or "none finished",
            last=f"{max(ended).astimezone(UTC):%Y-%m-%d %H:%M}" if ended else "-",
            verdict="" if judged.current is None else judged.current.text,
        )


@dataclass(frozen=True, slots=True)
class Card:
    """A row with its links; an empty link is not shown."""

    row: Row
    report: str
    files: str


def write_reports(studies: Iterable[Study], results_dir: Path, storage: str | None = None) -> Iterator[Path]:
    """Write the report of each study, then the index page. Yields the path of each written file."""
    for study in studies:
        paths = StudyPaths(results_dir, study.study_name)
        yield write_report(study, paths, storage)
        write_row(study, paths)
    yield write_index(results_dir)


def write_row(study: Study, paths: StudyPaths) -> None:
    """Write a study's row of the index page."""
    write_text(paths.index_row, json_text(asdict(Row.of(StudyRecord.of(study), paths.results_dir))))


def write_row_and_index(study: Study, paths: StudyPaths) -> tuple[Path]:
    """Write a study's row and the index page. Returns the path of the page."""
    write_row(study, paths)
    return (write_index(paths.results_dir),)


def write_index(results_dir: Path) -> Path:
    """Write `index.html` for all studies with files in the folder. Returns its path."""
    cards = [Card(row, _link(paths.report) or _link(paths.results), "") for paths, row in _rows(results_dir)]
    index = expanded_path(results_dir) / INDEX
    write_text(index, _page(cards, StudyLocation(results_dir=results_dir)))
    return index


def index_page(results_dir: Path, studies: Collection[str]) -> str:
    """The index page of these studies for the dashboard, with a link to each study's list of files."""
    rows = {paths.study: (paths, row) for paths, row in _rows(results_dir)}
    cards = []
    for study in studies:
        if study in rows:
            paths, row = rows[study]
            cards.append(Card(row, _link(paths.report), f"{quote(study)}/"))
        else:
            cards.append(Card(Row(study, "", "", "", "no files yet", ""), "", ""))
    return _page(cards, StudyLocation(results_dir=results_dir), dashboard="/dashboard")


def _page(cards: Collection[Card], location: StudyLocation, dashboard: str = "") -> str:
    newest_first = sorted(cards, key=lambda card: card.row.last, reverse=True)
    content = {
        "cards": newest_first,
        "counted": "1 study" if len(cards) == 1 else f"{len(cards)} studies",
        "first_command": location.command("run", "quick_search"),
        "dashboard": dashboard,
        "written": f"Written by FxAI {fxai.__version__} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
    }
    return page_html("index.html", content)


def _rows(results_dir: Path) -> Iterator[tuple[StudyPaths, Row]]:
    """The rows of all studies of the folder, except those that --fresh archived."""
    folders = (path for path in expanded_path(results_dir).glob("*") if path.is_dir() and not is_archived(path.name))
    for folder in sorted(folders):
        try:
            paths = StudyPaths(results_dir, folder.name)
            yield paths, _row(paths)
        except (InputError, OSError, ValueError, TypeError):
            continue  # another folder, or a study whose first run has not ended


def _row(paths: StudyPaths) -> Row:
    """The stored row; for a study of an earlier release, made from its results file."""
    if paths.index_row.is_file():
        return Row(**json.loads(paths.index_row.read_text(encoding="utf-8")))
    return Row.of(StudyRecord.of(read_study(paths.results)), paths.results_dir)


def _link(path: Path) -> str:
    """The link from the index page to a study's file; empty if the file does not exist."""
    return quote(f"{path.parent.name}/{path.name}") if path.is_file() else ""


def _best(record: StudyRecord, best: TrialRecord) -> str:
    if record.front:
        return f"{len(record.front)} on the front"
    if best.value is None:
        return "-"
    value = number_text(record.metric, best.value, best.standard_error, trading=record.trading)
    return f"{value} (trial {figure(best.number)})"


def _line(record: StudyRecord) -> str:
    """The best value so far at each completed trial, as the points of an SVG polyline; better values are higher."""
    goal = next(goal for goal in record.goals if goal.metric == record.metric)
    best: list[float] = []
    for trial in record.trials:
        if trial.value is not None and not trial.uncounted:
            best.append(min(goal.loss(trial.value), best[-1] if best else goal.loss(trial.value)))
    if len(best) < 2 or best[0] == best[-1]:  # noqa: PLR2004 (a line has two ends)
        return ""
    kept = [*best[:: max(1, len(best) // _WIDTH)], best[-1]]
    low, high = min(kept), max(kept)
    across, down = _WIDTH / (len(kept) - 1), _HEIGHT - 4
    return " ".join(
        f"{place * across:.1f},{2 + down * (loss - low) / (high - low):.1f}" for place, loss in enumerate(kept)
    )
