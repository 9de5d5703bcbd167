"""Figure of a Pareto front among the completed trials."""

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fxai.results.plots.absent_figure import AbsentFigureError
from fxai.results.record import StudyRecord, TrialRecord
from fxai.spec.search.metric_goals import Goal

_FRONT, _OTHER, _KNEE = "#2a7ab9", "#9aa7b3", "#e8a33d"
_COLUMN_WIDTH = 560


def pareto_front(record: StudyRecord) -> go.Figure:
    """One plot per further objective, against the first objective."""
    if not record.front:
        raise AbsentFigureError("No trial has completed yet.")
    first = next(goal for goal in record.goals if goal.metric == record.metric)
    others = [goal for goal in record.goals if goal is not first]
    figure = make_subplots(1, len(others), horizontal_spacing=0.08)
    on_front = {trial.number for trial in record.front}
    rest = [trial for trial in record.trials if trial.values and not trial.uncounted and trial.number not in on_front]
    for column, other in enumerate(others, start=1):
        for points in _points(record, rest, (first, other), legend=column == 1):
            figure.add_trace(points, row=1, col=column)
        figure.update_xaxes(title=f"{first.metric} ({first.direction})", col=column)
        figure.update_yaxes(title=f"{other.metric} ({other.direction})", col=column)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    width = {"width": _COLUMN_WIDTH * len(others) + 120} if len(others) > 2 else {}  # noqa: PLR2004 (a page's width)
    return figure.update_layout(height=600, legend=legend, **width)


def _points(
    record: StudyRecord, rest: Sequence[TrialRecord], goals: tuple[Goal, Goal], *, legend: bool
) -> Sequence[go.Scatter]:
    # With two objectives the points of the front form a staircase; with more they do not.
    mode = "lines+markers" if len(record.goals) == 2 else "markers"  # noqa: PLR2004
    knee = [] if record.best is None else [record.best]
    looks = (
        (rest, "completed", {"mode": "markers", "marker": {"color": _OTHER, "size": 6}}),
        (record.front, "front", {"mode": mode, "line": {"color": _FRONT, "width": 1}, "marker": {"size": 9}}),
        (knee, "knee", {"mode": "markers", "marker": {"color": _KNEE, "size": 16, "symbol": "star"}}),
    )
    x, y = goals
    return [
        go.Scatter(
            x=[trial.values[x.metric] for trial in trials],
            y=[trial.values[y.metric] for trial in trials],
            text=[f"trial {trial.number}" for trial in trials],
            name=name,
            legendgroup=name,
            showlegend=legend,
            **look,
        )
        for trials, name, look in looks
    ]
