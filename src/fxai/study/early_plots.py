"""Draws a study's plots and computes its importances while the agents of its verdict train.

A thread of the parent, which waits for workers at that time. In the second half of the search the thread loads plotly,
Optuna's plots and what judges agents, so that neither the start nor the end of a run waits for these
libraries. At the end of the run, what the thread has drawn is used if the study is still the same. Otherwise, and after
a failure of the thread, the plots are drawn again.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fxai.no_collection import no_collection
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.studies import load_study
from fxai.spec.fields.objective import FX_TRADING
from fxai.spec.search.study import StudySpec
from fxai.spec.search.verdict import VerdictConfig
from fxai.study.events import StudyEnded, StudyEvent, TrialFinished

if TYPE_CHECKING:
    from fxai.results.importances.interval import Importances


@dataclass(frozen=True, slots=True)
class DrawnPlots:
    """Plots and importances, with the study that they are of."""

    record: StudyRecord
    importances: "Importances"
    files: tuple[Path, ...]


class EarlyPlots:
    """The plots of one run; see `early_plots`."""

    def __init__(self, study: StudySpec, paths: StudyPaths, thread: ThreadPoolExecutor | None) -> None:
        self._study, self._paths, self._thread = study, paths, thread
        self._tasks: list[Future[None] | Future[DrawnPlots]] = []
        self._drawing: Future[DrawnPlots] | None = None
        self._judges = isinstance(study.verdict, VerdictConfig) and study.objective == FX_TRADING

    def after(self, events: Iterable[StudyEvent]) -> Iterator[StudyEvent]:
        """The events of the search and its confirmation. When they have ended, the plots are drawn."""
        for event in events:
            if self._thread is not None and not self._tasks and _is_late(event):
                self._tasks.append(self._thread.submit(_load_plots))
                if self._judges:
                    self._tasks.append(self._thread.submit(_load_judge))
            if self._thread is not None and isinstance(event, StudyEnded) and _has_plots(event):
                self._drawing = self._thread.submit(_draw, self._study, self._paths)
                self._tasks.append(self._drawing)
            yield event

    def wait(self) -> None:
        """Wait until all is drawn and loaded, because two threads must not load the same libraries at once."""
        for task in self._tasks:
            task.exception()

    def of(self, record: StudyRecord) -> DrawnPlots | None:
        """What was drawn of this study; None if nothing was drawn, or of another state of the study."""
        if self._drawing is None or self._drawing.exception() is not None:
            return None
        drawn = self._drawing.result()
        return drawn if drawn.record == record else None


@contextmanager
def early_plots(study: StudySpec, paths: StudyPaths, *, plots: bool) -> Iterator[EarlyPlots]:
    """Draw plots during a block, which ends after the thread. With `plots=False` nothing is drawn."""
    if not plots:
        yield EarlyPlots(study, paths, None)
        return
    with ThreadPoolExecutor(1, "plots") as thread:
        yield EarlyPlots(study, paths, thread)


def _is_late(event: StudyEvent) -> bool:
    """Whether half of the trials have ended."""
    return isinstance(event, TrialFinished) and 2 * event.progress.finished >= event.progress.total


def _has_plots(ended: StudyEnded) -> bool:
    """Whether the study has trials to draw, and the run was not stopped."""
    return not ended.is_stopped and ended.progress.complete + ended.progress.pruned > 0


def _load_plots() -> None:
    with no_collection():
        import fxai.results.report.index  # noqa: F401, PLC0415 - plotly is slow to load, as in all that it imports
        from fxai.results.page.plotly_script import packed_script  # noqa: PLC0415

        packed_script()


def _load_judge() -> None:
    with no_collection():
        import fxai.market.reading.reading  # noqa: PLC0415 - pandas
        import fxai.rl.agents.agent_file  # noqa: PLC0415 - slow to load
        import fxai.rl.agents.committee  # noqa: PLC0415
        import fxai.study.judge  # noqa: F401, PLC0415
        from fxai.market.rules.compiled import load_compiler  # noqa: PLC0415

        load_compiler()


def _draw(study: StudySpec, paths: StudyPaths) -> DrawnPlots:
    from fxai.results.importances.interval import Importances  # noqa: PLC0415 - Optuna's and plotly's, as below
    from fxai.results.plots.write import write_plots  # noqa: PLC0415

    stored = load_study(study.storage, study.study_name)
    return DrawnPlots(StudyRecord.of(stored), Importances.of(stored), write_plots(stored, paths))
