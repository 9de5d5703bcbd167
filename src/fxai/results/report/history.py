"""Report section: every completed trial by number, and the best value so far."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from fxai.formatting import counted
from fxai.results.page.palette import BEST, COMPLETE, OTHER, PRUNED
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Chart, Section
from fxai.results.report.sample import every_kth
from fxai.results.report.study_info import StudyInfo
from fxai.search.stored_trial import StoredState

_MOST = 2000
_MOST_ERRORS = 150
_FAR = 3.0  # interquartile ranges from the worse quartile; worse values are outside the axis


def history(info: StudyInfo) -> Section:
    reading = (
        "Each point is a completed trial; the line is the best value so far. A line that is flat for long means that "
        "the search has converged. A line that still improves means that more trials may find better values."
    )
    pruned = _pruned(info)
    if pruned:
        reading += " A cross is a pruned trial, at the last value that it reported."
    if not info.ranked:
        return Section("history", "History", [Absent("No trial has completed yet.")])
    drawn = go.Figure()
    shown, note = every_kth(sorted(info.ranked, key=lambda trial: trial.number), _MOST, "their numbers")
    if pruned:
        drawn.add_trace(_crosses(info, every_kth(pruned, _MOST, "their numbers")[0]))
    drawn.add_trace(_points(info, shown))
    drawn.add_trace(_best_so_far(info))
    drawn.add_traces(_marks(info))
    drawn.update_xaxes(title="trial")
    limits, left_out = _limits(info, [_last_report(trial) for trial in pruned])
    drawn.update_yaxes(info.metric_axis, range=limits)
    drawn.update_layout(height=430, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    if left_out:
        note = f"{note} Outside the axis: {counted(left_out, 'value')} far worse than the others."
    return Section("history", "History", [Chart("history", drawn, note=note.strip())], reading)


def _pruned(info: StudyInfo) -> list[TrialRecord]:
    """The pruned trials that reported a finite value."""
    pruned = [trial for trial in info.own if trial.state is StoredState.PRUNED and trial.reports]
    return [trial for trial in pruned if math.isfinite(_last_report(trial))]


def _last_report(trial: TrialRecord) -> float:
    return trial.reports[max(trial.reports)]


def _crosses(info: StudyInfo, trials: Sequence[TrialRecord]) -> go.Scatter:
    return go.Scatter(
        x=[trial.number for trial in trials],
        y=[_last_report(trial) for trial in trials],
        text=[
            f"trial {trial.number}: pruned at step {max(trial.reports)} with {info.value_text(_last_report(trial))}"
            for trial in trials
        ],
        hovertemplate="%{text}<extra></extra>",
        mode="markers",
        name="pruned, last report",
        marker={"color": PRUNED, "size": 7, "symbol": "x", "opacity": 0.75},
    )


def _points(info: StudyInfo, trials: Sequence[TrialRecord]) -> go.Scatter:
    errors = [trial.standard_error for trial in trials]
    known = any(errors) and len(trials) <= _MOST_ERRORS
    return go.Scatter(
        x=[trial.number for trial in trials],
        y=[trial.value for trial in trials],
        text=[_label(info, trial) for trial in trials],
        hovertemplate="%{text}<extra></extra>",
        mode="markers",
        name="completed, ± standard error" if known else "completed",
        marker={"color": COMPLETE, "size": 7 if len(trials) <= _MOST_ERRORS else 5, "opacity": 0.75},
        error_y={"array": errors, "color": COMPLETE, "thickness": 1, "width": 0} if known else None,
    )


def _best_so_far(info: StudyInfo) -> go.Scatter:
    """The best value so far: a step at each improvement, up to the last trial."""
    steps: list[TrialRecord] = []
    for trial in sorted(info.ranked, key=lambda trial: trial.number):
        if not steps or info.goal.loss(trial.value or 0.0) < info.goal.loss(steps[-1].value or 0.0):
            steps.append(trial)
    last = info.own[-1].number
    return go.Scatter(
        x=[*(trial.number for trial in steps), last],
        y=[*(trial.value for trial in steps), steps[-1].value],
        mode="lines",
        line={"shape": "hv", "color": BEST, "width": 2},
        name="best so far",
        hoverinfo="skip",
    )


def _marks(info: StudyInfo) -> Sequence[go.Scatter]:
    """Markers of trial 0, if FxAI chose it, and of the best trial."""
    best = info.ranked[0] if info.record.front else info.record.best
    marked = [(info.default, info.default_name, OTHER, "diamond"), (best, "best", PRUNED, "star")]
    return [
        go.Scatter(
            x=[trial.number],
            y=[trial.value],
            text=[_label(info, trial)],
            hovertemplate="%{text}<extra></extra>",
            mode="markers",
            name=name,
            marker={"color": colour, "size": 14, "symbol": symbol, "line": {"color": BEST, "width": 1}},
        )
        for trial, name, colour, symbol in marked
        if trial is not None and trial.value is not None
    ]


def _label(info: StudyInfo, trial: TrialRecord) -> str:
    return f"trial {trial.number}: {info.value_text(trial.value or 0.0, trial.standard_error)}"


def _limits(info: StudyInfo, pruned: Sequence[float]) -> tuple[list[float] | None, int]:
    """The axis without values far worse than most completed trials, and the number of those values."""
    completed = [info.goal.loss(trial.value or 0.0) for trial in info.ranked]
    lower, upper = np.quantile(completed, [0.25, 0.75])
    losses = np.array([*completed, *map(info.goal.loss, pruned)])
    worst = upper + _FAR * (upper - lower)
    left_out = int((losses > worst).sum())
    if not left_out or upper == lower:
        return None, 0
    margin = 0.08 * (worst - losses.min())
    ends = sorted(
        info.goal.loss(end) for end in (losses.min() - margin, min(worst, losses[losses <= worst].max() + margin))
    )
    return [float(end) for end in ends], left_out
