"""Draws a study's plots and computes its importances while the agents of its verdict train.

A thread of the parent, which waits for workers at that time. The thread also loads plotly and Optuna's plots, so that
neither the start nor the end of a run waits for these libraries. At the end of the run, what the thread has drawn is
used if the study is still the same. Otherwise, and after a failure of the thread, the plots are drawn again.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.studies import load_study
from fxai.spec.search.study import StudySpec
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
        self._loads = False
        self._drawing: Future[DrawnPlots] | None = None

    def after(self, events: Iterable[StudyEvent]) -> Iterator[StudyEvent]:
        """The events of the search and its confirmation. When they have ended, the plots are drawn."""
        for event in events:
            if self._thread is not None and not self._loads and _is_late(event):
                self._thread.submit(_load)
                self._loads = True
            if self._thread is not None and isinstance(event, StudyEnded) and not event.is_stopped:
                self._drawing = self._thread.submit(_draw, self._study, self._paths)
            yield event

    def of(self, record: StudyRecord) -> DrawnPlots | None:
        """What was drawn of this study; None if nothing was drawn, or of another state of the study. Waits for it."""
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


def _load() -> None:
    import fxai.results.report.index  # noqa: F401, PLC0415 - plotly is slow to load, as in all that it imports


def _draw(study: StudySpec, paths: StudyPaths) -> DrawnPlots:
    from fxai.results.importances.interval import Importances  # noqa: PLC0415 - Optuna's and plotly's, as below
    from fxai.results.plots.write import write_plots  # noqa: PLC0415

    stored = load_study(study.storage, study.study_name)
    return DrawnPlots(StudyRecord.of(stored), Importances.of(stored), write_plots(stored, paths))
