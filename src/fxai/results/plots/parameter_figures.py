"""Figures of importances and of single parameters, for notebooks."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from optuna import Study
from plotly.subplots import make_subplots

from fxai.errors import InputError
from fxai.results.analysis import StudyAnalysis
from fxai.results.importances.importance import no_importances
from fxai.results.page.palette import BEST, COMPLETE, OTHER
from fxai.results.plots.absent_figure import AbsentFigureError
from fxai.results.plots.axis_labels import folded
from fxai.results.rank_by import goal_named
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.report.scales import Scale, scales_of
from fxai.spec.fields.suggestion import did_you_mean

GOOD_SHARE = 0.2
_BINS = 10
_WIDE = 28  # characters per line of a parameter's name
_COLUMNS = 3
_ROW_HEIGHT = 240


def importance_bars(analysis: StudyAnalysis) -> go.Figure:
    """Bars of the importances with their intervals."""
    if not analysis.importances:
        reason = no_importances(analysis.importance_trials)
        raise AbsentFigureError(f"{reason[0].upper()}{reason[1:]}.")
    shown = list(reversed(analysis.importances))
    bars = go.Bar(
        x=[each.share for each in shown],
        y=[folded(each.name, _WIDE) for each in shown],
        orientation="h",
        marker={"color": [OTHER if each.stands_out is False else COMPLETE for each in shown]},
        error_x={
            "visible": any(each.low is not None for each in shown),
            "array": [0 if each.high is None else max(each.high - each.share, 0) for each in shown],
            "arrayminus": [0 if each.low is None else max(each.share - each.low, 0) for each in shown],
            "color": BEST,
            "thickness": 1.2,
        },
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    figure = go.Figure(bars).update_xaxes(title=f"importance for {analysis.metric}", rangemode="tozero")
    return figure.update_layout(height=max(280, 34 * len(shown) + 120))


def parameter_distributions(study: Study) -> go.Figure:
    """The distribution of each parameter in the best fifth of the trials and in the other trials."""
    ranked = _ranked(study)
    count = max(round(GOOD_SHARE * len(ranked)), 1)
    parts = ((ranked[count:], "others", OTHER), (ranked[:count], f"best {count}", COMPLETE))
    scales = list(scales_of(study).values())
    rows = -(-len(scales) // _COLUMNS)
    figure = make_subplots(rows, _COLUMNS, subplot_titles=[scale.name for scale in scales])
    for place, scale in enumerate(scales):
        for trials, label, colour in parts:
            having = [trial for trial in trials if scale.name in trial.params]
            bars = _shares(having, scale, label, colour, first=place == 0)
            figure.add_trace(bars, place // _COLUMNS + 1, place % _COLUMNS + 1)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_annotations(font_size=12)
    legend = {"orientation": "h", "y": -0.12, "yanchor": "top"}
    return figure.update_layout(height=_ROW_HEIGHT * rows + 80, barmode="group", bargap=0.1, legend=legend)


def metric_vs_parameter(study: Study, name: str, metric: str | None = None) -> go.Figure:
    """A metric of the completed trials by one parameter, with the best trial marked."""
    record = StudyRecord.of(study)
    scales = scales_of(study)
    if name not in scales:
        known = ", ".join(scales) or "none"
        unknown = f"{study.study_name} has no parameter {name!r}"
        raise InputError(f"{unknown}{did_you_mean(name, scales) or '.'} Parameters: {known}")
    shown = record.metric if metric in {None, record.metric} else goal_named(record, metric or "").metric
    values = {trial.number: _value(trial, shown, record) for trial in _ranked(study) if name in trial.params}
    trials = [record.trials[number] for number, value in values.items() if value is not None]
    best = [record.best is not None and trial.number == record.best.number for trial in trials]
    points = go.Scatter(
        x=[scales[name].coordinate(trial.params[name]) for trial in trials],
        y=[values[trial.number] for trial in trials],
        mode="markers",
        marker={"color": [BEST if each else COMPLETE for each in best], "size": [12 if each else 7 for each in best]},
        text=[f"trial {trial.number}" for trial in trials],
        hovertemplate="%{text}<br>%{x}: %{y}<extra></extra>",
    )
    figure = go.Figure(points).update_xaxes(scales[name].axis(), title=name).update_yaxes(title=shown)
    return figure.update_layout(height=480)


def _value(trial: TrialRecord, metric: str, record: StudyRecord) -> float | None:
    return trial.value if metric == record.metric else trial.metrics.get(metric)


def _ranked(study: Study) -> Sequence[TrialRecord]:
    ranked = StudyRecord.of(study).ranked()
    if not ranked:
        raise AbsentFigureError("No trial has completed yet.")
    return ranked


def _shares(trials: Sequence[TrialRecord], scale: Scale, label: str, colour: str, *, first: bool) -> go.Bar:
    """The share of the trials in each tenth of the range, or at each value if there are at most ten."""
    few = _few_values(scale)
    bins = len(few) or _BINS
    positions = np.array([scale.position(trial.params[scale.name]) for trial in trials])
    places = np.rint(positions * (bins - 1)) if few else np.minimum(positions * bins, bins - 1)
    return go.Bar(
        x=few or [_tenth(scale, place) for place in range(bins)],
        y=np.bincount(places.astype(int), minlength=bins) / max(len(trials), 1),
        name=label,
        marker={"color": colour},
        legendgroup=label,
        showlegend=first,
    )


def _few_values(scale: Scale) -> list[str]:
    """The values of a parameter with at most ten values, as labels; else an empty list."""
    if scale.choices or not scale.whole or scale.log or scale.high - scale.low >= _BINS:
        return list(scale.choices)
    return [str(value) for value in range(int(scale.low), int(scale.high) + 1)]


def _tenth(scale: Scale, place: int) -> str:
    """The low end of a tenth of the range as a label."""
    low, high, share = scale.low, scale.high, place / _BINS
    return f"{low * (high / low) ** share:.3g}" if scale.log else f"{low + (high - low) * share:.3g}"
