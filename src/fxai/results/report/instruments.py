"""Report section: the best trial and trial 0 on each of several instruments."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from fxai.errors import InputError
from fxai.market.bars import FloatArray, TimeArray
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.market.scores.metrics import equity_of
from fxai.metric_text import number_text
from fxai.results.instrument_values import InstrumentValues, instrument_values
from fxai.results.page.palette import BEST, OTHER
from fxai.results.report.blocks import Block, Chart, Section, Table
from fxai.results.report.study_info import StudyInfo

_MOST_POINTS = 1000  # of a curve
_WORDS = {"total_return": "Return", "sharpe": "Sharpe ratio"}


def instruments(info: StudyInfo) -> Section | None:
    """The values on each instrument; None for data of one instrument without a name."""
    best = info.record.best
    if best is None or not info.record.traits.has_instruments:
        return None
    found = _values(info, best.number)
    if not found:
        return None
    default = _values(info, 0) if best.number else ()
    names = [name for name in found[0].metrics if name in {info.record.metric, *_WORDS}]
    beside = ("of trial 0",) if default else ()
    columns = [heading for name in names for heading in (_WORDS.get(name, name), *beside)]
    rows = [
        (each.name, *(cell for name in names for cell in _cells(name, each, default[place] if default else None)))
        for place, each in enumerate(found)
    ]
    table = Table(("Instrument", *columns), rows, frozenset(range(1, 1 + len(columns))), stacked=True)
    reading = (
        f"Trial {best.number} on the validation split of each instrument, after costs: means over its agents. The "
        f"value of a trial, its {info.record.metric}, is the mean over the instruments."
    )
    blocks: list[Block] = [table]
    if (drawn := _equity(info, best.number)) is not None:
        blocks.append(Chart("instruments", drawn))
        reading += (
            " The thin curves are the equity on each instrument; the thick one is that of the equal-weight portfolio. "
            "Each bar has the mean of the returns over the agents. The trial was chosen by these bars."
        )
    return Section("instruments", "Each instrument", blocks, reading)


def _values(info: StudyInfo, number: int) -> tuple[InstrumentValues, ...]:
    return instrument_values(info.paths.trial(number).returns, info.record.metric)


def _cells(name: str, found: InstrumentValues, default: InstrumentValues | None) -> Sequence[str]:
    """A metric of a trial, and of trial 0 if it is another one."""
    return [number_text(name, each.metrics[name], trading=True) for each in (found, default) if each is not None]


def _equity(info: StudyInfo, number: int) -> go.Figure | None:
    """The equity of a trial on each instrument, and of the portfolio; None if the returns cannot be read."""
    try:
        found = read_bar_returns(info.paths.trial(number).returns)
    except InputError:
        return None
    if (bars := found.instruments) is None:
        return None
    returns = found.returns.astype(np.float64).mean(axis=0)
    times = np.split(bars.time, np.cumsum(bars.counts)[:-1])
    drawn = go.Figure()
    for name, time, of_one in zip(bars.names, times, bars.split(returns), strict=True):
        drawn.add_trace(_line(name, time, of_one).update(line={"color": OTHER, "width": 1.2}))
    drawn.add_trace(
        _line("portfolio", bars.dates(), bars.portfolio(returns)).update(line={"color": BEST, "width": 2.4})
    )
    drawn.update_yaxes(title="equity")
    return drawn.update_layout(height=360, showlegend=False)


def _line(name: str, time: TimeArray, returns: FloatArray) -> go.Scatter:
    shown = np.unique(np.linspace(0, len(returns) - 1, _MOST_POINTS).astype(int))
    times = np.datetime_as_string(time[shown], unit="s", timezone="UTC").tolist()
    return go.Scatter(x=times, y=equity_of(returns)[1:][shown], name=name, mode="lines")
