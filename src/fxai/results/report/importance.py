"""Report sections: importances with their intervals, and the metric over the two most important parameters."""

import plotly.graph_objects as go

from fxai.results.analysis import StudyAnalysis
from fxai.results.importances.importance import no_importances
from fxai.results.importances.ranked import PRUNED_RANK
from fxai.results.page.palette import BEST, COMPLETE, OTHER, SCALE
from fxai.results.plots.absent_figure import AbsentFigureError
from fxai.results.plots.axis_labels import folded
from fxai.results.plots.figures import contours
from fxai.results.report.blocks import Absent, Block, Chart, Section, Text
from fxai.results.report.study_info import StudyInfo
from fxai.results.sampled_study import sampled

_ROW, _LINE = 18, 14  # pixels
_WIDE = 28  # characters of a line of a parameter's name
_MOST = 250  # trials of the contours; the size of their grids grows with the square


def importances(info: StudyInfo) -> Section:
    analysis = info.analysis
    if not analysis.importances:
        reason = no_importances(analysis.importance_trials)
        absent = f"{reason[0].upper()}{reason[1:]}." if info.ranked else "No trial has completed yet."
        return Section("importances", "Importances", [Absent(absent)])
    reading = (
        f"Each bar is the share of the difference in {analysis.metric} between good and other trials that a parameter "
        "explains (PED-ANOVA). The shares add up to 1. The thin lines are 90 % intervals, computed from random halves "
        "of the trials."
    )
    if any(each.stands_out is False for each in analysis.importances):
        reading += " Pale bars do not exceed the importance that shuffled values give."
    note = _computed_from(analysis)
    remarks: list[Block] = [
        Text(f"{remark[0].upper()}{remark[1:]}.")
        for remark in analysis.remarks
        if remark.startswith(("importance", "unimportant"))
    ]
    return Section("importances", "Importances", [Chart("importances", _bars(analysis), note=note), *remarks], reading)


def _computed_from(analysis: StudyAnalysis) -> str:
    """The trials that the importances are computed from, and how pruned trials count."""
    pruned, completed = analysis.importance_pruned, analysis.importance_trials - analysis.importance_pruned
    of_all = f" of {analysis.completed:,}" if completed < analysis.completed else ""
    if not pruned:
        return f"Computed from {completed:,}{of_all} completed trials."
    return f"Computed from {completed:,}{of_all} completed and {pruned:,} pruned trials. {PRUNED_RANK}"


def _bars(analysis: StudyAnalysis) -> go.Figure:
    shown = list(reversed(analysis.importances))
    bars = go.Bar(
        x=[each.share for each in shown],
        y=[folded(each.name, _WIDE) for each in shown],
        orientation="h",
        marker={
            "color": [OTHER if each.stands_out is False else COMPLETE for each in shown],
            "opacity": [0.5 if each.stands_out is False else 1 for each in shown],
        },
        error_x=None
        if all(each.high is None for each in shown)
        else {
            "array": [0 if each.high is None else max(each.high - each.share, 0) for each in shown],
            "arrayminus": [0 if each.low is None else max(each.share - each.low, 0) for each in shown],
            "color": BEST,
            "thickness": 1.2,
            "width": 3,
        },
        text=[f"{each.share:.2f}" for each in shown],
        customdata=[
            "" if each.low is None or each.high is None else f" ({each.low:.2f} to {each.high:.2f})" for each in shown
        ],
        textposition="none",
        hovertemplate="%{y}: %{text}%{customdata}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(title="importance", rangemode="tozero")
    lines = max(folded(each.name, _WIDE).count("<br>") + 1 for each in shown)
    return figure.update_layout(height=max(220, (_ROW + _LINE * (lines - 1)) * len(shown) + 110), bargap=0.35)


def most_important_pair(info: StudyInfo) -> Section:
    first = info.analysis.importances[:2]
    name, title = "pair", "The two most important parameters"
    if not all(each.excludes_chance for each in first):
        title = "Two parameters"
    if not first:
        return Section(name, title, [Absent("No importances are known yet, so no parameters are chosen.")])
    reading = (
        f"{info.record.metric} over both parameters; a stronger colour is better. Each point is a completed trial. "
        "Values between the points are interpolated, and unreliable in regions without points."
    )
    if not all(each.excludes_chance for each in first):
        reading += " The parameters are those with the largest importances, which may be chance."
    try:
        by_importance = [each.name for each in info.analysis.importances]
        figure = contours(sampled(info.study, _MOST), by_importance, 2)
    except AbsentFigureError as absent:
        return Section(name, title, [Absent(str(absent))])
    figure.update_traces(
        colorscale=[[place / (len(SCALE) - 1), colour] for place, colour in enumerate(SCALE)],
        reversescale=info.goal.direction == "minimize",
        colorbar={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "thickness": 10,
            "title": "",
            "nticks": 5,
            **info.tick_format,
        },
        line={"width": 0.4},
        selector={"type": "contour"},
    )
    figure.update_traces(
        marker={"color": OTHER, "size": 5, "line": {"color": SCALE[-1], "width": 1}}, selector={"type": "scatter"}
    )
    figure.update_layout(height=480)
    drawn = min(info.analysis.completed, _MOST)
    note = (
        "" if info.analysis.completed <= _MOST else f"Drawn from about {drawn} of {info.analysis.completed:,} trials."
    )
    return Section(name, title, [Chart("pair", figure, note=note)], reading)
