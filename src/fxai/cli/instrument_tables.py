"""Tables with a row for each of several instruments."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_table, print_text
from fxai.evaluation.instrument_figures import InstrumentFigures, explained
from fxai.formatting import figure
from fxai.metric_text import number_text
from fxai.results.instrument_values import InstrumentValues, instrument_values
from fxai.results.paths import StudyPaths
from fxai.results.study_overview import StudyOverview


def values_on_instruments(study: StudyOverview, results_dir: Path) -> Sequence[InstrumentValues]:
    """The best trial's values on each instrument; nothing without a best trial."""
    if study.best is None:
        return ()
    returns = StudyPaths(results_dir, study.name).trial(study.best.number).returns
    return instrument_values(returns, study.metric)


def print_values(console: Console, trial: int, found: Sequence[InstrumentValues]) -> None:
    """Prints the values of a trial on each instrument in the search."""
    names = tuple(found[0].metrics)
    rows = [
        (each.name, str(each.bars), *(number_text(name, each.metrics[name], trading=True) for name in names))
        for each in found
    ]
    print_text(console, "", f"Trial {trial} on the validation split of each instrument:")
    print_table(console, ("Instrument", "Bars", *(name.replace("_", " ") for name in names)), rows)


def print_figures(console: Console, found: Sequence[InstrumentFigures]) -> None:
    """Prints what the committees of a verdict earned on each instrument."""
    rows = [
        (
            each.name,
            str(each.bars),
            *(number_text("total_return", of.total_return, trading=True) for of in (each.agent, each.default)),
            *("" if of.sharpe is None else figure(round(of.sharpe, 2)) for of in (each.agent, each.default)),
            f"{100 * each.to_default:+.3g} %",
        )
        for each in found
    ]
    headings = ("Instrument", "Bars", "return", "of the default", "sharpe", "of the default", "mean difference per bar")
    print_text(console, "", f"{explained(found)}:")
    print_table(console, headings, rows)
