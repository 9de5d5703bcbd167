"""Report section: for each parameter the metric, and the distributions of good and other trials."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

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
_LOWER, _UPPER = (0.0, 0.3), (0.36, 1.0)  # parts of the chart's height
_WIDTHS = (0.9, 0.55)  # widths of the bars of the other trials, and of the good trials in front of them


def parameters(info: StudyInfo) -> Section:
    name, title = "parameters", "Parameters one by one"
    reading = (
        "Top: each point is a completed trial; the large point is the best. Bottom: the share of trials in each part "
        f"of the range. Strong bars are the best {_GOOD_SHARE:.0%} of the trials, pale bars all others. Good values "
        "are where the strong bars are higher."
    )
    good, others = _good_and_others(info.ranked)
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
        note = f"Points: {note[0].lower()}{note[1:]} Bars: all trials."
    return Section(name, title, [Charts(charts, note)], reading)


def _good_and_others(ranked: Sequence[TrialRecord]) -> tuple[Sequence[TrialRecord], Sequence[TrialRecord]]:
    """The best fifth, at least three trials, and the others."""
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
    data: list[go.Scatter | go.Bar] = [_points(info, shown, scale)]
    for part, colour, width in ((others, OTHER, _WIDTHS[0]), (good, COMPLETE, _WIDTHS[1])):
        if part:
            data.append(_bars(part, scale, colour, width).update(xaxis="x2", yaxis="y2"))
    axis = scale.axis()
    layout = {  # a `make_subplots` whose layout is then changed takes fifteen times as long
        "xaxis": {**axis, "anchor": "y", "matches": "x2", "showticklabels": False},
        "xaxis2": {**axis, "anchor": "y2"},
        "yaxis": {**info.metric_axis, "title": None, "nticks": 4, "anchor": "x", "domain": _UPPER},
        "yaxis2": {"anchor": "x2", "domain": _LOWER, "showticklabels": False, "showgrid": False, "rangemode": "tozero"},
        "height": 250,
        "showlegend": False,
        "barmode": "overlay",
        "margin": {"l": 10, "r": 8, "t": 8, "b": 10},
    }
    drawn = go.Figure(data, layout)
    importance = "" if share is None else f"importance {share:.2f} · "
    return Chart(f"parameter-{place}", drawn, title=scale.name, subtitle=f"{importance}{scale.extent}")


def _points(info: StudyInfo, trials: Sequence[TrialRecord], scale: Scale) -> go.Scatter:
    best = info.record.best
    is_best = [best is not None and trial.number == best.number for trial in trials]
    return go.Scatter(
        x=[scale.coordinate(trial.params[scale.name]) for trial in trials],
        y=[trial.value for trial in trials],
        text=[_label(info, trial, scale) for trial in trials],
        hovertemplate="%{text}<extra></extra>",
        mode="markers",
        marker={
            "color": [BEST if each else COMPLETE for each in is_best],
            "size": [12 if each else 6 for each in is_best],
            "opacity": [1 if each else 0.75 for each in is_best],
        },
    )


def _label(info: StudyInfo, trial: TrialRecord, scale: Scale) -> str:
    value = info.value_text(trial.value or 0.0, trial.standard_error)
    return f"{figure(trial.params[scale.name])}<br>trial {trial.number}: {value}"


def _bars(trials: Sequence[TrialRecord], scale: Scale, colour: str, width: float) -> go.Bar:
    """The shares of the trials in ten equal parts of the range, or at each value if there are at most ten."""
    values = _value_count(scale)
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


def _value_count(scale: Scale) -> int:
    """The number of values of a parameter if each has a bar of its own; else 0."""
    if scale.choices:
        return len(scale.choices)
    count = int(scale.high - scale.low) + 1
    return count if scale.whole and not scale.log and count <= _BINS else 0


def _values(scale: Scale, positions: np.ndarray) -> np.ndarray:
    """The values at positions of the range; with a bar for each value, from half a step below the first one."""
    if count := _value_count(scale):
        return scale.low - 0.5 + positions * count
    if scale.log:
        return np.asarray(scale.low * (scale.high / scale.low) ** positions)
    return np.asarray(scale.low + positions * (scale.high - scale.low))
