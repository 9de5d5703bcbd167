"""Report section: what the best trial earned in the test windows of its folds."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from fxai.errors import InputError
from fxai.market.bars import Bars
from fxai.market.features.features import warm_up_of
from fxai.market.reading.read_bars import load_bars
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.market.scores.metrics import equity_of
from fxai.market.scores.out_of_sample import OutOfSample, stitch
from fxai.market.splits.folds import Fold, folds_of
from fxai.market.splits.splits import split
from fxai.metric_text import number_text
from fxai.results.page.palette import BEST, COMPLETE
from fxai.results.report.blocks import Absent, Chart, Section, Table
from fxai.results.report.study_info import StudyInfo, folded_data
from fxai.spec.fields.data_config import DataConfig

_MOST_POINTS = 2000  # of a curve


def out_of_sample(info: StudyInfo) -> Section | None:
    """The curves over all test windows; None for a study without folds."""
    config, best = folded_data(info), info.record.best
    if config is None or best is None:
        return None
    name, title = "out_of_sample", f"Out of sample: trial {best.number} in its folds"
    try:
        returns = read_bar_returns(info.paths.trial(best.number).returns)
        bars = load_bars(config)
        folds = _folds(bars, config)
        joined = stitch(returns, config.split, folds)
    except InputError as error:
        return Section(name, title, [Absent(f"Not available: {error}.")])
    reading = (
        "Equity after costs on the bars of all test windows, by agents that were not trained on these bars; equity "
        "starts at 1. Each bar has the mean of the returns over the seeds of its fold. The trial was chosen by its "
        "values on these bars."
    )
    if len(joined.paths) > 1:
        reading += f" Each of the {len(joined.paths)} paths has every group of bars once, from different trainings."
    return Section(name, title, [Chart("out_of_sample", _figure(joined, bars)), _table(joined, folds, bars)], reading)


def _folds(bars: Bars, config: DataConfig) -> Sequence[Fold]:
    """The folds with the test windows of all trials. The windows do not depend on a trial's features."""
    warm_up = warm_up_of(bars, config)
    return folds_of(config.split, split(bars.time, config.split, warm_up), warm_up)


def _figure(joined: OutOfSample, bars: Bars) -> go.Figure:
    shown = np.unique(np.linspace(0, len(joined.bars) - 1, _MOST_POINTS).astype(int))
    times = np.datetime_as_string(bars.time[joined.bars[shown]], unit="s", timezone="UTC").tolist()
    drawn = go.Figure()
    for place, path in enumerate(joined.paths, start=1):
        colour, width = (BEST, 2.4) if len(joined.paths) == 1 else (COMPLETE, 1.2)
        curve = equity_of(path)[1:][shown]
        line = {"color": colour, "width": width}
        drawn.add_trace(go.Scatter(x=times, y=curve, name=f"path {place}", mode="lines", line=line))
    drawn.update_yaxes(title="equity")
    return drawn.update_layout(height=360, hovermode="x unified", showlegend=len(joined.paths) > 1)


def _table(joined: OutOfSample, folds: Sequence[Fold], bars: Bars) -> Table:
    """What each fold earned, with the bars that scored it."""
    rows = []
    for number, (fold, returns) in enumerate(zip(folds, joined.by_fold, strict=True), start=1):
        windows = ", ".join(
            " to ".join(np.datetime_as_string(bars.time[[span.start, span.stop - 1]], unit="D")) for span in fold.test
        )
        total = number_text("total_return", float(equity_of(returns)[-1]) - 1, trading=True)
        rows.append((str(number), windows, f"{len(returns):,}", total))
    return Table(("Fold", "Test window", "Bars", "Return"), rows, frozenset({0, 2, 3}))
