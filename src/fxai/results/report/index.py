"""One page over all studies, with a way to each report."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from optuna import Study

from fxai.results.page.render import page_html
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.report.write import write_report
from fxai.search.stored_trial import StoredState
from fxai.spec.environment import expanded_path
from fxai.whole_file import write_text
from fxai.wording import estimate, figure

_WIDTH, _HEIGHT = 120, 30  # of a small drawing of the best value so far


@dataclass(frozen=True, slots=True)
class Row:
    """One study of the page."""

    study: str
    link: str
    goals: str
    best: str
    gained: str  # what its best value was over time, as points of a line
    trials: str
    last: str  # when a trial last ended


def write_reports(studies: Iterable[Study], results_dir: Path) -> Iterator[Path]:
    """Write the report of each study, then `index.html` over them all; yields each file once it is there."""
    rows = []
    for study in studies:
        paths = StudyPaths(results_dir, study.study_name)
        yield write_report(study, paths)
        rows.append(_row(StudyRecord.of(study), paths))
    written = f"Written by FxAI {version('fxai')} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    content = {"rows": rows, "counted": "1 study" if len(rows) == 1 else f"{len(rows)} studies", "written": written}
    index = expanded_path(results_dir) / "index.html"
    write_text(index, page_html("index.html", content))
    yield index


def _row(record: StudyRecord, paths: StudyPaths) -> Row:
    best = record.best
    ended = [trial.ended for trial in record.trials if trial.ended is not None]
    states = ((StoredState.COMPLETE, "completed"), (StoredState.PRUNED, "pruned"), (StoredState.FAIL, "failed"))
    counts = [f"{count:,} {word}" for state, word in states if (count := record.count(state))]
    if running := record.count(StoredState.RUNNING):
        counts.append(f"{running} running")
    return Row(
        study=record.name,
        link=quote(f"{paths.study}/{paths.report.name}"),
        goals=", ".join(f"{goal.direction} {goal.metric}" for goal in record.goals),
        best="-" if best is None else _best(record, best),
        gained=_line(record),
        trials=", ".join(counts) or "none finished",
        last=f"{max(ended):%Y-%m-%d %H:%M}" if ended else "-",
    )


def _best(record: StudyRecord, best: TrialRecord) -> str:
    if record.front:
        return f"{len(record.front)} on the front"
    return "-" if best.value is None else f"{estimate(best.value, best.standard_error)} (trial {figure(best.number)})"


def _line(record: StudyRecord) -> str:
    """The best value so far at each completed trial, as an SVG polyline's points; better is higher."""
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
