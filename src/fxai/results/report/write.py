"""Write the report of a study."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from optuna import Study

import fxai
from fxai.atomic_write import write_text
from fxai.formatting import figure
from fxai.results.gain import over_trial_0
from fxai.results.page.render import page_html
from fxai.results.paths import StudyPaths
from fxai.results.report.blocks import ReportPage, Section, Tile
from fxai.results.report.chooser import chooser
from fxai.results.report.failures import failures
from fxai.results.report.headline import headline_of
from fxai.results.report.history import history
from fxai.results.report.importance import importances, most_important_pair
from fxai.results.report.next_steps import next_steps
from fxai.results.report.parallel_coordinates import top_trials
from fxai.results.report.parameters import parameters
from fxai.results.report.pbt_history import lineage
from fxai.results.report.searched import searched
from fxai.results.report.study_info import StudyInfo
from fxai.results.report.timeline import timeline
from fxai.results.report.training import training
from fxai.results.report.winner import front, traded, winner
from fxai.search.stored_trial import StoredState

_SECTIONS = (
    history,
    front,
    winner,
    traded,
    importances,
    top_trials,
    parameters,
    most_important_pair,
    chooser,
    lineage,
    training,
    timeline,
    failures,
    searched,
)


def write_report(study: Study, paths: StudyPaths, storage: str | None = None) -> Path:
    """Write `report.html`, one file that opens without network; it replaces the one that is there."""
    return save_report(report_of(study, paths, storage), paths.report)


def save_report(report: ReportPage, path: Path, index: str = "../index.html") -> Path:
    """Make the page of a report; `index` is where the page over all studies is, empty where there is none."""
    write_text(path, page_html("report.html", {"report": report, "index": index}, report.figures))
    return path


def report_of(study: Study, paths: StudyPaths, storage: str | None = None) -> ReportPage:
    """What the report says.

    `storage` is the study's database, which the commands of the report name. Without it there are only those that
    need none.
    """
    info = StudyInfo.of(study, paths, storage)
    made = (section(info) for section in _SECTIONS)
    sections: list[Section] = [section for section in made if section is not None]
    return ReportPage(
        study=info.record.name,
        goals=tuple(info.goals),
        lead=headline_of(info),
        tiles=tuple(_tiles(info)),
        steps=tuple(next_steps(info)),
        sections=tuple(sections),
        folder=str(Path.cwd()),
        written=f"Written by FxAI {fxai.__version__} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
    )


def _tiles(info: StudyInfo) -> Iterator[Tile]:
    record, best = info.record, info.record.best
    if best is not None and best.value is not None and not record.front:
        yield Tile(f"Best {record.metric}", info.value_text(best.value, best.standard_error), f"trial {best.number}")
    if record.front:
        yield Tile("Pareto front", str(len(record.front)), "trials that no other beats")
    difference = over_trial_0(record) if info.default is not None else None
    if difference is not None and best is not None and best.number:
        gain = info.difference_text(difference.amount, difference.standard_error)
        yield Tile("Gain over trial 0", gain, "of the best trial")
    states = ((StoredState.COMPLETE, "completed"), (StoredState.PRUNED, "pruned"), (StoredState.FAIL, "failed"))
    counts = [f"{count:,} {word}" for state, word in states if (count := record.count(state))]
    if running := record.count(StoredState.RUNNING):
        counts.append(f"{running} running")
    yield Tile("Trials", f"{sum(trial.state.is_finished() for trial in info.own):,}", ", ".join(counts))
    most = next((each for each in info.analysis.importances if each.stands_out is not False), None)
    if most is not None:
        yield Tile("Matters most", most.name.rpartition(".")[2], f"importance {figure(round(most.share, 2))}")
    settled = info.analysis.convergence
    if settled.converged is not None:
        since = f"since trial {settled.since_trial}" if settled.converged else "it still finds better trials"
        yield Tile("Settled", "yes" if settled.converged else "not yet", since)
