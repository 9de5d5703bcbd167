"""Each parameter alone: the metric against it, and where the good trials lie beside the others."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fxai.formatting import figure
from fxai.results.page.palette import BEST, COMPLETE, OTHER
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Chart, Charts, Section
from fxai.results.report.sample import every_kth
from fxai.results.report.scales import Scale
from fxai.results.report.study_info import StudyInfo

_GOOD_SHARE = 0.2
_FEWEST_GOOD = 3
_MOST = 500  # trials of one chart
_BINS = 10
_WIDTHS = (0.9, 0.55)  # of bars: of the others, and of the good ones before them


def parameters(info: StudyInfo) -> Section:
    name, title = "parameters", "Parameters one by one"
    reading = (
        "Above, each point is a completed trial, the large one the best. Below, the share of trials in each "
        f"part of the range: of the best {_GOOD_SHARE:.0%} the strong bars, of all others the pale ones. Where the "
        "strong ones are higher, good values lie."
    )
    good, others = _parted(info.ranked)
    if not good or not info.scales:
        return Section(name, title, [Absent("No trial has completed yet.")])
    shares = {each.name: each.share for each in info.analysis.importances}
    order = sorted(info.scales.values(), key=lambda scale: -shares.get(scale.name, 0.0))
    shown, note = every_kth(info.ranked, _MOST, "their values")
    charts = [
        _chart(place, scale, (shown, good, others), info, shares.get(scale.name))
        for place, scale in enumerate(order)
        if any(scale.name in trial.params for trial in shown)
    ]
    if note:
        note = f"Points: {note[0].lower()}{note[1:]} Bars are of all."
    return Section(name, title, [Charts(charts, note)], reading)


def _parted(ranked: Sequence[TrialRecord]) -> tuple[Sequence[TrialRecord], Sequence[TrialRecord]]:
    """The best fifth, three at least, and the others."""
    count = min(max(round(_GOOD_SHARE * len(ranked)), _FEWEST_GOOD), len(ranked))
    return ranked[:count], ranked[count:]


def _chart(
    place: int,
    scale: Scale,
    trials: tuple[Sequence[TrialRecord], Sequence[TrialRecord], Sequence[TrialRecord]],
    info: StudyInfo,
    share: float | None,
) -> Chart:
    shown, good, others = ([trial for trial in each if scale.name in trial.params] for each in trials)
    drawn = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.06)
    drawn.add_trace(_points(info, shown, scale), row=1, col=1)
    for part, colour, width in ((others, OTHER, _WIDTHS[0]), (good, COMPLETE, _WIDTHS[1])):
        if part:
            drawn.add_trace(_bars(part, scale, colour, width), row=2, col=1)
    drawn.update_xaxes(scale.axis())
    drawn.update_yaxes({**info.metric_axis, "title": None}, nticks=4, row=1)
    drawn.update_yaxes(showticklabels=False, showgrid=False, row=2, rangemode="tozero")
    drawn.update_layout(height=250, showlegend=False, barmode="overlay", margin={"l": 10, "r": 8, "t": 8, "b": 10})
    importance = "" if share is None else f"importance {share:.2f} · "
    return Chart(f"parameter-{place}", drawn, title=scale.name, subtitle=f"{importance}{scale.extent}")


def _points(info: StudyInfo, trials: Sequence[TrialRecord], scale: Scale) -> go.Scatter:
    best = info.record.best
    leads = [best is not None and trial.number == best.number for trial in trials]
    return go.Scatter(
        x=[scale.coordinate(trial.params[scale.name]) for trial in trials],
        y=[trial.value for trial in trials],
        text=[_label(info, trial, scale) for trial in trials],
        hovertemplate="%{text}<extra></extra>",
        mode="markers",
        marker={
            "color": [BEST if first else COMPLETE for first in leads],
            "size": [12 if first else 6 for first in leads],
            "opacity": [1 if first else 0.75 for first in leads],
        },
    )


def _label(info: StudyInfo, trial: TrialRecord, scale: Scale) -> str:
    value = info.value_text(trial.value or 0.0, trial.standard_error)
    return f"{figure(trial.params[scale.name])}<br>trial {trial.number}: {value}"


def _bars(trials: Sequence[TrialRecord], scale: Scale, colour: str, width: float) -> go.Bar:
    """The shares of the trials in equal parts of the range, or at each of few values."""
    values = _few(scale)
    parts = values or _BINS
    positions = [scale.position(trial.params[scale.name]) for trial in trials]
    if values:
        positions = [(position * (parts - 1) + 0.5) / parts for position in positions]
    counts, edges = np.histogram(positions, bins=parts, range=(0, 1))
    starts, ends = (_values(scale, places) for places in (edges[:-1], edges[1:]))
    centres = np.sqrt(starts * ends) if scale.log else (starts + ends) / 2
    shares = counts / len(trials)
    return go.Bar(
        x=centres,
        y=shares,
        width=(ends - starts) * width,
        marker={"color": colour, "opacity": 1 if width < _WIDTHS[0] else 0.45},
        text=[f"{share:.0%}" for share in shares],
        textposition="none",
        hovertemplate="%{text} of these trials<extra></extra>",
    )


def _few(scale: Scale) -> int:
    """How many values a parameter has, where each can have its own bar; else 0."""
    if scale.choices:
        return len(scale.choices)
    count = int(scale.high - scale.low) + 1
    return count if scale.whole and not scale.log and count <= _BINS else 0


def _values(scale: Scale, positions: np.ndarray) -> np.ndarray:
    """The values at positions of the range; of few values half a step beyond the ends."""
    if few := _few(scale):
        return scale.low - 0.5 + positions * few
    if scale.log:
        return np.asarray(scale.low * (scale.high / scale.low) ** positions)
    return np.asarray(scale.low + positions * (scale.high - scale.low))
