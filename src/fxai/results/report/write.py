"""Writes the report of a study."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from optuna import Study

import fxai
from fxai.atomic_write import write_text
from fxai.formatting import figure
from fxai.results.importances.interval import Importances
from fxai.results.page.render import page_html
from fxai.results.paths import StudyPaths
from fxai.results.report.blocks import ReportPage, Section, Tile
from fxai.results.report.chooser import chooser
from fxai.results.report.failures import failures
from fxai.results.report.headline import headline_of
from fxai.results.report.history import history
from fxai.results.report.importance import importances, most_important_pair
from fxai.results.report.instruments import instruments
from fxai.results.report.next_steps import next_steps
from fxai.results.report.out_of_sample import out_of_sample
from fxai.results.report.parallel_coordinates import top_trials
from fxai.results.report.parameters import parameters
from fxai.results.report.pbt_history import pbt_history
from fxai.results.report.search_settings import search_settings
from fxai.results.report.study_info import StudyInfo
from fxai.results.report.timeline import timeline
from fxai.results.report.training import training
from fxai.results.report.verdict import verdict
from fxai.results.report.winner import front, traded, winner
from fxai.search.stored_trial import StoredState

_SECTIONS = (
    history,
    front,
    winner,
    instruments,
    traded,
    out_of_sample,
    importances,
    top_trials,
    parameters,
    most_important_pair,
    chooser,
    pbt_history,
    training,
    timeline,
    failures,
    search_settings,
)


def write_report(
    study: Study, paths: StudyPaths, storage: str | None = None, importances: Importances | None = None
) -> Path:
    """Write `report.html`, a file that opens without network. An existing file is replaced. Returns its path."""
    return save_report(report_of(study, paths, storage, importances), paths.report)


def save_report(report: ReportPage, path: Path, index: str = "../index.html") -> Path:
    """Write the page of a report; `index` is the link to the index page, empty if there is none. Returns `path`."""
    write_text(path, page_html("report.html", {"report": report, "index": index}, report.figures))
    return path


def report_of(
    study: Study, paths: StudyPaths, storage: str | None = None, found: Importances | None = None
) -> ReportPage:
    """The content of the report.

    Args:
        study: The study.
        paths: Paths of its files.
        storage: URL of the study's database, for the commands of the report. If None, commands on the database are
            left out.
        found: Importances of the study, if they are known already; computing takes seconds.
    """
    info = StudyInfo.of(study, paths, storage, found)
    candidates = (section(info) for section in _SECTIONS)
    sections: list[Section] = [section for section in candidates if section is not None]
    return ReportPage(
        study=info.record.name,
        goals=tuple(info.goals),
        headline=headline_of(info),
        tiles=tuple(_tiles(info)),
        steps=tuple(next_steps(info)),
        verdict=verdict(info),
        sections=tuple(sections),
        folder=str(Path.cwd()),
        written=f"Written by FxAI {fxai.__version__} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        errors="" if info.record.best is None else info.record.best.errors.explained(trading=info.trading),
    )


def _tiles(info: StudyInfo) -> Iterator[Tile]:
    record, best = info.record, info.record.best
    confirmed = record.confirmed
    if confirmed is not None and best is not None and confirmed.trial == best.number:
        value = info.value_text(confirmed.value, confirmed.standard_error)
        yield Tile(f"{record.metric} on fresh seeds", value, f"trial {best.number}, chosen by this value")
    elif best is not None and best.value is not None and not record.front:
        yield Tile(f"Best {record.metric}", info.value_text(best.value, best.standard_error), f"trial {best.number}")
    if record.front:
        yield Tile("Pareto front", str(len(record.front)), "trials that no other trial dominates")
    difference = info.gain
    if difference is not None and best is not None and best.number and confirmed is None:
        apart = info.difference_text(difference.amount, difference.standard_error)
        yield Tile("Difference to trial 0", apart, "of the best trial, in the search")
    states = ((StoredState.COMPLETE, "completed"), (StoredState.PRUNED, "pruned"), (StoredState.FAIL, "failed"))
    counts = [f"{count:,} {word}" for state, word in states if (count := record.count(state))]
    if running := record.count(StoredState.RUNNING):
        counts.append(f"{running} running")
    yield Tile("Trials", f"{sum(trial.state.is_finished() for trial in info.own):,}", ", ".join(counts))
    most = next(iter(info.analysis.importances), None)
    if most is not None and most.excludes_chance:
        yield Tile("Most important", most.name.rpartition(".")[2], f"importance {figure(round(most.share, 2))}")
    convergence = info.analysis.convergence
    if convergence.converged is not None:
        since = f"since trial {convergence.since_trial}" if convergence.converged else "better trials are still found"
        yield Tile("Converged", "yes" if convergence.converged else "not yet", since)
