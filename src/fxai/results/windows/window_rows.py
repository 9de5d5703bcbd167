"""One row for each window of a chain: its bars, its best trial and its verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fxai.formatting import counted, figure
from fxai.metric_text import number_text
from fxai.results.best_verdict import BestVerdict
from fxai.results.paths import StudyPaths, folder_fault
from fxai.results.study_overview import StudyOverview
from fxai.search.stored_trial import StoredState
from fxai.search.studies import stored_study
from fxai.search.study_bars import StudyBars
from fxai.search.window_chain import ChainWindow

_NOTHING = "-"
_STATES = ((StoredState.COMPLETE, "completed"), (StoredState.PRUNED, "pruned"), (StoredState.FAIL, "failed"))


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window with its study as it is now."""

    window: ChainWindow
    overview: StudyOverview
    verdict: BestVerdict
    link: str  # to the report, relative to the folder of the first study; empty without a report

    @classmethod
    def of(cls, storage: str, window: ChainWindow, results_dir: Path) -> "WindowRow":
        with stored_study(storage, window.study) as stored:
            overview = StudyOverview.of(stored)
        best = None if overview.best is None else overview.best.number
        verdict = BestVerdict.of(overview.name, overview.traits, best, results_dir)
        has_report = not folder_fault(window.study) and StudyPaths(results_dir, window.study).report.is_file()
        link = f"../{quote(window.study)}/{StudyPaths(results_dir, window.study).report.name}" if has_report else ""
        return cls(window, overview, verdict, link)

    @property
    def estimate(self) -> tuple[float, float | None] | None:
        """The best value and its standard error: over fresh seeds after a confirmation, else in the search."""
        overview, best = self.overview, self.overview.best
        confirmed = overview.confirmed
        if best is None:
            return None
        if confirmed is not None and confirmed.trial == best.number:
            return confirmed.value, confirmed.standard_error
        return None if best.value is None else (best.value, best.standard_error)

    @property
    def word(self) -> str:
        """The verdict on the best trial in a word; empty without one."""
        return "" if self.verdict.current is None else self.verdict.current.text

    @property
    def params(self) -> Mapping[str, object]:
        return {} if self.overview.best is None else self.overview.best.params


def window_headings(metric: str) -> tuple[str, ...]:
    return ("Window", "Bars", "Test bars", "Trials", f"Best {metric}", "Verdict", "Test bars used before")


def window_cells(row: WindowRow) -> tuple[str, ...]:
    bars, overview = row.window.bars, row.overview
    states = ((overview.count(state), word) for state, word in _STATES)
    value = row.estimate
    return (
        row.window.study,
        _NOTHING if bars is None else f"{_day(bars.first)} to {_day(bars.last)}",
        _test(bars),
        ", ".join(f"{count} {word}" for count, word in states if count) or "none",
        _NOTHING if value is None else number_text(overview.metric, *value, trading=overview.trading),
        row.word or _NOTHING,
        _used(row.window),
    )


def parameter_headings(rows: Sequence[WindowRow]) -> tuple[str, ...]:
    return ("Window", *_names(rows))


def parameter_cells(row: WindowRow, rows: Sequence[WindowRow]) -> tuple[str, ...]:
    params = row.overview.best.params if row.overview.best is not None else {}
    return (row.window.study, *(figure(params[name]) if name in params else _NOTHING for name in _names(rows)))


def cautions(rows: Sequence[WindowRow]) -> Iterator[str]:
    """What a reader must know before comparing the verdicts of windows."""
    for row in rows:
        used = row.window.searched_before
        if used and row.window.is_warm and row.window.bars is not None:
            yield (
                f"{row.window.study}: the searches of earlier windows used {used:,} of its "
                f"{row.window.bars.test_bars:,} test bars, and its first trials come from them. Its verdict is too "
                "favourable."
            )
    if any(row.window.tested_before for row in rows):
        yield (
            "Windows that overlap share test bars. No search used these bars, but the verdicts of such windows are not "
            "independent: they are hardly more evidence than one of them."
        )
    if any(row.window.number and row.window.searched_before is None for row in rows):
        yield (
            "The bars of a window that an earlier release ran are not known any more. For the windows after it, it is "
            "not known whether its search used their test bars."
        )


def _names(rows: Sequence[WindowRow]) -> tuple[str, ...]:
    """The parameters of the best trials of all windows."""
    return tuple(dict.fromkeys(name for row in rows for name in row.params))


def _test(bars: StudyBars | None) -> str:
    if bars is None or bars.test_first is None:
        return _NOTHING
    return f"{bars.test_bars:,} from {_day(bars.test_first)}"


def _used(window: ChainWindow) -> str:
    """By the searches and in the tests of earlier windows."""
    if not window.number:
        return _NOTHING
    if window.searched_before is None or window.tested_before is None:
        return "not known"
    return f"{window.searched_before:,} by searches, {window.tested_before:,} in tests"


def _day(moment: str) -> str:
    return moment[:10]


def chain_sentence(rows: Sequence[WindowRow]) -> str:
    """The number of windows and the verdict of the last one."""
    *_, last = rows
    word = f"The verdict of the last one, {last.window.study}: {last.word}." if last.word else "The last one has none."
    return f"{counted(len(rows), 'window')}. {word}"
