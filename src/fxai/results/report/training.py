"""Report section: intermediate values of the trials."""

from collections.abc import Sequence

import plotly.graph_objects as go

from fxai.results.page.palette import BEST, OTHER, STATES
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Chart, Section
from fxai.results.report.sample import every_kth
from fxai.results.report.study_info import StudyInfo, state_text

_MOST = 300


def training(info: StudyInfo) -> Section:
    name, title = "training", "Intermediate values"
    pruned = " Lines that end early are pruned trials." if info.analysis.pruned else ""
    reading = f"Each line shows the reports of one trial during its training.{pruned}"
    trials = [trial for trial in info.own if trial.reports]
    if not trials:
        return Section(name, title, [Absent("No trial has reported an intermediate value.")])
    best = info.record.best
    shown, note = every_kth(trials, _MOST, "their numbers")
    drawn = go.Figure()
    for state, colour in STATES.items():
        of_state = [trial for trial in shown if trial.state.name == state and trial is not best]
        if of_state:
            drawn.add_trace(_curves(info, of_state, f"{state_text(state)} ({len(of_state)})", colour or OTHER))
    if best is not None and best.reports:
        curve = _curves(info, [best], f"best (trial {best.number})", BEST)
        drawn.add_trace(curve.update(line={"width": 3}, opacity=1))
    drawn.update_xaxes(title="update" if "data" in info.fingerprint else "step")
    drawn.update_yaxes(info.metric_axis)
    drawn.update_layout(height=430, hovermode="closest", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    return Section(name, title, [Chart("training", drawn, note=note)], reading)


def _curves(info: StudyInfo, trials: Sequence[TrialRecord], name: str, colour: str) -> go.Scatter:
    """All trials as one trace with a gap after each."""
    steps: list[int | None] = []
    values: list[float | None] = []
    texts: list[str] = []
    for trial in trials:
        for step in sorted(trial.reports):
            steps.append(step)
            values.append(trial.reports[step])
            texts.append(f"trial {trial.number}, step {step}: {info.value_text(trial.reports[step])}")
        steps.append(None)
        values.append(None)
        texts.append("")
    single = all(len(trial.reports) == 1 for trial in trials)
    return go.Scatter(
        x=steps,
        y=values,
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        mode="markers" if single else "lines",
        line={"color": colour, "width": 1.3},
        marker={"color": colour, "size": 5},
        opacity=0.6,
        name=name,
    )
