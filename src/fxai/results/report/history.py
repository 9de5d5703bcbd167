"""The search in its order: every completed trial, and the best value so far."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from fxai.results.page.palette import BEST, COMPLETE, OTHER, PRUNED
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Chart, Section
from fxai.results.report.sample import every_kth
from fxai.results.report.subject import Subject
from fxai.wording import counted, estimate

_MOST = 2000
_MOST_ERRORS = 150
_FAR = 3.0  # interquartile ranges below the lower quartile, from where on a value would flatten all others


def history(subject: Subject) -> Section:
    reading = (
        "Each point is a completed trial, the line the best value so far. A line that is flat for long means that "
        "the search has settled; one that still climbs means that more trials may pay."
    )
    if not subject.ranked:
        return Section("history", "History", [Absent("No trial has completed yet.")])
    figure = go.Figure()
    shown, note = every_kth(sorted(subject.ranked, key=lambda trial: trial.number), _MOST, "their numbers")
    figure.add_trace(_points(shown))
    figure.add_trace(_best_so_far(subject))
    figure.add_traces(_marks(subject))
    figure.update_xaxes(title="trial")
    limits, left_out = _limits(subject)
    figure.update_yaxes(title=subject.record.metric, range=limits)
    figure.update_layout(height=430, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    if left_out:
        note = f"{note} {counted(left_out, 'value')} far worse than the others would flatten them: beyond the axis."
    return Section("history", "History", [Chart("history", figure, note=note.strip())], reading)


def _points(trials: Sequence[TrialRecord]) -> go.Scatter:
    errors = [trial.standard_error for trial in trials]
    known = any(errors) and len(trials) <= _MOST_ERRORS
    return go.Scatter(
        x=[trial.number for trial in trials],
        y=[trial.value for trial in trials],
        text=[_label(trial) for trial in trials],
        hovertemplate="%{text}<extra></extra>",
        mode="markers",
        name="completed, ± standard error" if known else "completed",
        marker={"color": COMPLETE, "size": 7 if len(trials) <= _MOST_ERRORS else 5, "opacity": 0.75},
        error_y={"array": errors, "color": COMPLETE, "thickness": 1, "width": 0} if known else None,
    )


def _best_so_far(subject: Subject) -> go.Scatter:
    """A step wherever a trial did better than all before it, and up to the last trial."""
    steps: list[TrialRecord] = []
    for trial in sorted(subject.ranked, key=lambda trial: trial.number):
        if not steps or subject.goal.loss(trial.value or 0.0) < subject.goal.loss(steps[-1].value or 0.0):
            steps.append(trial)
    last = subject.own[-1].number
    return go.Scatter(
        x=[*(trial.number for trial in steps), last],
        y=[*(trial.value for trial in steps), steps[-1].value],
        mode="lines",
        line={"shape": "hv", "color": BEST, "width": 2},
        name="best so far",
        hoverinfo="skip",
    )


def _marks(subject: Subject) -> Sequence[go.Scatter]:
    """Trial 0, where the study began with it, and the best trial."""
    best = subject.ranked[0] if subject.record.front else subject.record.best
    marked = [(subject.default, subject.default_called, OTHER, "diamond"), (best, "best", PRUNED, "star")]
    return [
        go.Scatter(
            x=[trial.number],
            y=[trial.value],
            text=[_label(trial)],
            hovertemplate="%{text}<extra></extra>",
            mode="markers",
            name=name,
            marker={"color": colour, "size": 14, "symbol": symbol, "line": {"color": BEST, "width": 1}},
        )
        for trial, name, colour, symbol in marked
        if trial is not None and trial.value is not None
    ]


def _label(trial: TrialRecord) -> str:
    return f"trial {trial.number}: {estimate(trial.value or 0.0, trial.standard_error)}"


def _limits(subject: Subject) -> tuple[list[float] | None, int]:
    """The axis without values that are far worse than most, and how many these are."""
    losses = np.array([subject.goal.loss(trial.value or 0.0) for trial in subject.ranked])
    lower, upper = np.quantile(losses, [0.25, 0.75])
    worst = upper + _FAR * (upper - lower)
    left_out = int((losses > worst).sum())
    if not left_out or upper == lower:
        return None, 0
    margin = 0.08 * (worst - losses.min())
    ends = sorted(
        subject.goal.loss(end) for end in (losses.min() - margin, min(worst, losses[losses <= worst].max() + margin))
    )
    return [float(end) for end in ends], left_out
