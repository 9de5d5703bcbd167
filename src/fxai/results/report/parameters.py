"""Each parameter alone: the metric against it, and where the good trials lie beside the others."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fxai.results.page.palette import BEST, COMPLETE, OTHER
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Chart, Charts, Section
from fxai.results.report.sample import every_kth
from fxai.results.report.scales import Scale
from fxai.results.report.subject import Subject
from fxai.wording import estimate, figure

_GOOD_SHARE = 0.2
_FEWEST_GOOD = 3
_MOST = 500  # trials of one chart
_BINS = 10


def parameters(subject: Subject) -> Section:
    name, title = "parameters", "Parameters one by one"
    reading = (
        "Above, each point is a completed trial, and the darkest is the best one. Below, the share of trials in each "
        f"part of the range: of the best {_GOOD_SHARE:.0%} the strong bars, of all others the pale ones. Where the "
        "strong ones are higher, good values lie."
    )
    good, others = _parted(subject.ranked)
    if not good or not subject.scales:
        return Section(name, title, [Absent("No trial has completed yet.")])
    shares = {each.name: each.share for each in subject.analysis.importances.parameters}
    order = sorted(subject.scales.values(), key=lambda scale: -shares.get(scale.name, 0.0))
    shown, note = every_kth(subject.ranked, _MOST, "their values")
    charts = [
        _chart(place, scale, (shown, good, others), subject, shares.get(scale.name))
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
    subject: Subject,
    share: float | None,
) -> Chart:
    shown, good, others = ([trial for trial in each if scale.name in trial.params] for each in trials)
    drawn = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.06)
    drawn.add_trace(_points(shown, scale, subject.record.best), row=1, col=1)
    for part, colour, width in ((others, OTHER, 0.9), (good, COMPLETE, 0.55)):
        if part:
            drawn.add_trace(_bars(part, scale, colour, width), row=2, col=1)
    drawn.update_xaxes(scale.axis())
    drawn.update_yaxes(nticks=4, row=1)
    drawn.update_yaxes(showticklabels=False, showgrid=False, row=2, rangemode="tozero")
    drawn.update_layout(height=250, showlegend=False, barmode="overlay", margin={"l": 10, "r": 8, "t": 8, "b": 10})
    importance = "" if share is None else f"importance {share:.2f} · "
    return Chart(f"parameter-{place}", drawn, title=scale.name, subtitle=f"{importance}{scale.extent}")


def _points(trials: Sequence[TrialRecord], scale: Scale, best: TrialRecord | None) -> go.Scatter:
    leads = [best is not None and trial.number == best.number for trial in trials]
    return go.Scatter(
        x=[scale.coordinate(trial.params[scale.name]) for trial in trials],
        y=[trial.value for trial in trials],
        text=[
            f"{figure(trial.params[scale.name])}<br>trial {trial.number}: {estimate(trial.value or 0.0, trial.standard_error)}"
            for trial in trials
        ],
        hovertemplate="%{text}<extra></extra>",
        mode="markers",
        marker={
            "color": [BEST if first else COMPLETE for first in leads],
            "size": [11 if first else 5 for first in leads],
            "opacity": [1 if first else 0.65 for first in leads],
        },
    )


def _bars(trials: Sequence[TrialRecord], scale: Scale, colour: str, width: float) -> go.Bar:
    """The shares of the trials in equal parts of the range, or at each choice."""
    parts = len(scale.choices) or min(_BINS, int(scale.high - scale.low) + 1 if scale.whole and not scale.log else _BINS)
    positions = [scale.position(trial.params[scale.name]) for trial in trials]
    if scale.choices:
        positions = [(position * (parts - 1) + 0.5) / parts for position in positions]
    counts, edges = np.histogram(positions, bins=parts, range=(0, 1))
    starts, ends = (_values(scale, places, parts) for places in (edges[:-1], edges[1:]))
    centres = np.sqrt(starts * ends) if scale.log else (starts + ends) / 2
    shares = counts / len(trials)
    return go.Bar(
        x=centres,
        y=shares,
        width=(ends - starts) * width,
        marker={"color": colour, "opacity": 1 if width < 0.8 else 0.45},  # noqa: PLR2004 (the narrow ones are in front)
        text=[f"{share:.0%}" for share in shares],
        textposition="none",
        hovertemplate="%{text} of these trials<extra></extra>",
    )


def _values(scale: Scale, positions: np.ndarray, parts: int) -> np.ndarray:
    """The values at positions of the range; of choices their places."""
    if scale.choices:
        return positions * parts - 0.5
    if scale.log:
        return np.asarray(scale.low * (scale.high / scale.low) ** positions)
    return np.asarray(scale.low + positions * (scale.high - scale.low))
