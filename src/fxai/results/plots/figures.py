"""Figures of a study. Most are Optuna's, arranged for long parameter names and many parameters.

A figure function raises `AbsentFigureError` with the reason if the study does not have the data yet.
"""

import math
from collections.abc import Sequence
from datetime import timedelta

import optuna.visualization as drawn
import plotly.graph_objects as go
from optuna import Study
from optuna.trial import FrozenTrial, TrialState
from plotly.subplots import make_subplots

from fxai.formatting import figure as value_text
from fxai.formatting import span
from fxai.metric_text import number_text
from fxai.results.importances.importance import (
    conditional_parameters,
    importances,
    no_importances,
    varying_parameters,
)
from fxai.results.plots.absent_figure import AbsentFigureError
from fxai.results.plots.axis_labels import folded, log_ticks
from fxai.results.record import StudyRecord, TrialRecord, best_number, metric_name

_SLICE_COLUMNS = 4
_SLICE_ROW_HEIGHT = 280
_CONTOUR_PARAMETERS = 4
_MOST_BARS = 500
_NARROW, _WIDE = 15, 28  # characters of a line in an axis title
_LEGEND_ABOVE = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
_BEST_COLOUR = "#12304a"
_OTHER_COLOUR = "#9aa7b3"
_STATE_COLOURS = {"COMPLETE": "#2a7ab9", "PRUNED": "#e8a33d", "FAIL": "#c8453b", "RUNNING": "#4c9f6b"}


def optimization_history(study: Study) -> go.Figure:
    _need_completed(study, 1)
    figure = drawn.plot_optimization_history(study, target_name=metric_name(study))
    figure.update_traces(
        line={"shape": "hv", "color": _BEST_COLOUR}, selector={"mode": "lines"}
    )  # the best value changes at a trial
    pruned = [trial for trial in study.get_trials(deepcopy=False, states=(TrialState.PRUNED,)) if _last_report(trial)]
    if pruned:
        figure.add_trace(_crosses(pruned))
    return figure.update_layout(height=560, legend=_LEGEND_ABOVE)


def _last_report(trial: FrozenTrial) -> tuple[int, float] | None:
    """The last step that a trial reported, and its value; None without a finite one."""
    reports = [(step, value) for step, value in trial.intermediate_values.items() if math.isfinite(value)]
    return max(reports, default=None)


def _crosses(pruned: Sequence[FrozenTrial]) -> go.Scatter:
    """Markers of pruned trials at their last reported values."""
    last = {trial.number: report for trial in pruned if (report := _last_report(trial)) is not None}
    return go.Scatter(
        x=list(last),
        y=[value for _, value in last.values()],
        text=[f"trial {number}: pruned at step {step}" for number, (step, _) in last.items()],
        hovertemplate="%{text}: %{y}<extra></extra>",
        mode="markers",
        name="pruned, last report",
        marker={"color": _STATE_COLOURS["PRUNED"], "symbol": "x", "size": 7, "opacity": 0.75},
    )


def param_importances(study: Study) -> go.Figure:
    _need_completed(study, 2)
    shares = importances(study)
    if not shares:
        states = (TrialState.COMPLETE, TrialState.PRUNED)
        reason = no_importances(len(study.get_trials(deepcopy=False, states=states)))
        raise AbsentFigureError(f"{reason[0].upper()}{reason[1:]}.")
    names = list(reversed(shares))
    bars = go.Bar(
        x=[shares[name] for name in names],
        y=[folded(name, _WIDE) for name in names],
        orientation="h",
        text=[f"{shares[name]:.2f}" for name in names],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(title=f"importance for {metric_name(study)}", rangemode="tozero", nticks=4)
    return figure.update_layout(height=max(320, 40 * len(names) + 120))


def parallel_coordinate(study: Study) -> go.Figure:
    completed = _need_completed(study, 2)
    left_out = conditional_parameters(completed)
    names = [name for name in varying_parameters(completed) if name not in left_out]
    if not names:
        raise AbsentFigureError("No parameter of all completed trials varies.")
    figure = drawn.plot_parallel_coordinate(study, params=names, target_name=metric_name(study))
    labels = [metric_name(study), *sorted(names)]  # in Optuna's order; Optuna shortens long names
    figure.update_traces(marker={"colorbar": {"exponentformat": "e"}}, selector={"mode": "markers"})
    figure.update_xaxes(ticktext=[folded(label, _NARROW) for label in labels], tickangle=0)
    return _without(left_out, figure.update_layout(height=640))


def slice_plot(study: Study) -> go.Figure:
    """Slices in rows of four. Optuna draws all slices in one row."""
    completed = _need_completed(study, 1)
    names = _parameters(completed)
    if not names:
        raise AbsentFigureError("The completed trials have no parameters.")
    columns = min(_SLICE_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = make_subplots(rows, columns, shared_yaxes=True, vertical_spacing=0.3 / rows, horizontal_spacing=0.02)
    for place, name in enumerate(names):
        cell = {"row": place // columns + 1, "col": place % columns + 1}
        one = drawn.plot_slice(study, params=[name], target_name=metric_name(study))
        one.update_traces(marker={"showscale": place == 0})
        figure.add_traces(one.data, rows=cell["row"], cols=cell["col"])
        axis = one.layout.xaxis
        figure.update_xaxes(title=folded(name, _WIDE), type=axis.type, categoryarray=axis.categoryarray, **cell)
        figure.update_xaxes(log_ticks(completed, name), **cell)
    figure.update_yaxes(title=metric_name(study), col=1)
    return figure.update_layout(height=_SLICE_ROW_HEIGHT * rows + 120, showlegend=False)


def contour_plot(study: Study) -> go.Figure:
    """Contours of the four most important parameters. A grid of all parameters would not be readable."""
    return contours(study, list(importances(study)), _CONTOUR_PARAMETERS)


def contours(study: Study, by_importance: Sequence[str], most: int) -> go.Figure:
    """Contours of pairs of parameters.

    Args:
        study: The study.
        by_importance: Names of parameters, the most important first.
        most: Largest number of parameters. Only parameters that all completed trials have and that vary are drawn.
    """
    completed = _need_completed(study, 2)
    left_out = conditional_parameters(completed)
    varying = [name for name in varying_parameters(completed) if name not in left_out]
    first = [name for name in by_importance if name in varying]
    names = sorted(list(dict.fromkeys(first + varying))[:most])  # sorted, as Optuna does
    if len(names) < 2:  # noqa: PLR2004 (a pair)
        raise AbsentFigureError("At least two parameters are required that all completed trials have and that vary.")
    figure = drawn.plot_contour(study, params=names, target_name=metric_name(study))
    grid = len(names) > 2  # noqa: PLR2004 (one pair has no grid)
    for place, name in enumerate(names, start=1):
        ticks = log_ticks(completed, name)
        if grid or place == 1:
            figure.update_xaxes(ticks, col=place if grid else None)
        if grid or place == 2:  # noqa: PLR2004 (the other of the pair)
            figure.update_yaxes(ticks, row=place if grid else None)
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        axis.title = folded(axis.title.text or "", _WIDE)
    figure.update_traces(colorbar={"exponentformat": "e"}, selector={"type": "contour"})
    return _without(left_out, figure.update_layout(height=250 * len(names) if grid else 600))


def _without(left_out: Sequence[str], figure: go.Figure) -> go.Figure:
    """The figure with a line about the conditional parameters that it does not show."""
    if not left_out:
        return figure
    text = f"Not shown, because only some trials have them: {', '.join(left_out)}"
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "yshift": 12, "xanchor": "left", "yanchor": "bottom"}
    return figure.add_annotation(text=text, showarrow=False, **place)


def intermediate_values(study: Study) -> go.Figure:
    """One curve per trial, coloured by the trial's state, the best trial in front."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.intermediate_values]
    if not trials:
        raise AbsentFigureError("No trial has reported an evaluation yet.")
    best = best_number(study)
    figure = go.Figure([_curve(trial) for trial in trials if trial.number != best])
    figure.add_traces([_curve(trial, best=True) for trial in trials if trial.number == best])
    for name, colour in _STATE_COLOURS.items():
        if any(trial.state.name == name for trial in trials):
            figure.add_scatter(x=[None], y=[None], mode="lines", line={"color": colour}, name=name.lower())
    figure.update_xaxes(title="update")
    figure.update_yaxes(title=metric_name(study))
    return figure.update_layout(height=600, legend=_LEGEND_ABOVE)


def _curve(trial: FrozenTrial, *, best: bool = False) -> go.Scatter:
    steps = sorted(trial.intermediate_values)
    return go.Scatter(
        x=steps,
        y=[trial.intermediate_values[step] for step in steps],
        mode="lines" if len(steps) > 1 else "markers",
        line={
            "color": _BEST_COLOUR if best else _STATE_COLOURS.get(trial.state.name, _OTHER_COLOUR),
            "width": 3 if best else 1,
        },
        opacity=1 if best else 0.5,
        name=f"best (trial {trial.number})" if best else f"trial {trial.number}",
        showlegend=best,
    )


def timeline(study: Study) -> go.Figure:
    if not any(trial.datetime_start for trial in study.get_trials(deepcopy=False)):
        raise AbsentFigureError("No trial has started yet.")
    figure = drawn.plot_timeline(study, n_recent_trials=_MOST_BARS)
    record = StudyRecord.of(study)
    hovers = {trial.number: _hover(record, trial) for trial in record.trials[-_MOST_BARS:]}
    for trace in figure.data:
        trace.update(
            marker={"color": _STATE_COLOURS.get(trace.name, _OTHER_COLOUR)}, text=[hovers[number] for number in trace.y]
        )
    figure.update_xaxes(title="time", rangebreaks=[{"bounds": idle} for idle in _idle_spans(study)])
    figure.update_yaxes(title="trial", autorange="reversed")
    bars = sum(len(trace.y) for trace in figure.data)
    return figure.update_layout(height=min(1400, max(400, 14 * bars + 140)), legend=_LEGEND_ABOVE)


def _hover(record: StudyRecord, trial: TrialRecord) -> str:
    """The hover text of a trial's bar."""
    lines = [f"trial {trial.number}: {trial.standing}" + ("" if trial.seconds is None else f", {span(trial.seconds)}")]
    if trial.value is not None:
        value = number_text(record.metric, trial.value, trial.standard_error, trading=record.trading)
        lines.append(f"{record.metric} {value}")
    return "<br>".join([*lines, *(f"{name} = {value_text(value)}" for name, value in trial.params.items())])


def edf_plot(study: Study) -> go.Figure:
    _need_completed(study, 2)
    figure = drawn.plot_edf(study, target_name=metric_name(study))
    figure.update_yaxes(title="share of the trials with at most this value", range=[0, 1.02])
    return figure.update_layout(height=560, showlegend=False)


def _idle_spans(study: Study) -> list[tuple[str, str]]:
    """Long times without a running trial, as between two runs. The time axis leaves them out."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.datetime_start]
    last = max(time for trial in trials for time in (trial.datetime_start, trial.datetime_complete) if time)
    runs = sorted((trial.datetime_start or last, trial.datetime_complete or last) for trial in trials)
    busy = sum((trial.duration for trial in trials if trial.duration), timedelta())
    spans, reached = [], runs[0][0]
    for start, end in runs:
        if start - reached > busy:
            spans.append((reached.isoformat(), start.isoformat()))
        reached = max(reached, end)
    return spans


def _need_completed(study: Study, count: int) -> Sequence[FrozenTrial]:
    completed = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not completed:
        raise AbsentFigureError("No trial has completed yet.")
    if len(completed) < count:
        raise AbsentFigureError(f"{count} completed trials are required ({len(completed)} so far).")
    return completed


def _parameters(trials: Sequence[FrozenTrial]) -> list[str]:
    return list(dict.fromkeys(name for trial in trials for name in trial.params))
