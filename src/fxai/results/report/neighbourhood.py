"""Part of the report's verdict: the configurations around the best trial."""

from collections.abc import Sequence

from fxai.evaluation.neighbourhood import Neighbourhood, Slope
from fxai.evaluation.neighbourhood_words import neighbourhood_sentences
from fxai.formatting import figure
from fxai.metric_text import difference_text
from fxai.results.report.blocks import Block, Points, Table, Text

_READING = (
    "In each configuration all these parameters are moved together, up or down, by a tenth of the range or one step; "
    "choices stay. Change: of {metric}, when the parameter rises by a tenth of its range, with the standard error over "
    "configurations and seeds."
)


def neighbourhood_blocks(found: Neighbourhood | None, trial: int) -> Sequence[Block]:
    """The finding and a table of the parameters; nothing without a neighbourhood."""
    if found is None:
        return ()
    reading = Text(_READING.format(metric=found.metric))
    return Points(neighbourhood_sentences(found, trial)), reading, _slopes(found, trial)


def _slopes(found: Neighbourhood, trial: int) -> Table:
    rows = [
        (each.parameter, figure(each.winner), _tried(found, each.parameter), _change(found, each))
        for each in sorted(found.slopes, key=lambda each: -abs(each.change or 0.0))
    ]
    return Table(("Parameter", f"Trial {trial}", "Moved to", "Change"), rows, frozenset({1, 2, 3}), stacked=True)


def _tried(found: Neighbourhood, parameter: str) -> str:
    winner = next(each.winner for each in found.slopes if each.parameter == parameter)
    values = {each.params[parameter] for each in found.neighbours} - {winner}
    return " and ".join(map(figure, sorted(values)))


def _change(found: Neighbourhood, slope: Slope) -> str:
    if slope.change is None:
        return ""
    return difference_text(found.metric, slope.change, slope.error, trading=True)
