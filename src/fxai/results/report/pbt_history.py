"""Report section of population based training: copied weights, and the schedule of the best trial."""

import plotly.graph_objects as go

from fxai.formatting import figure
from fxai.results.page.palette import BEST, COMPLETE, OTHER
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Chart, Section, Table
from fxai.results.report.study_info import StudyInfo
from fxai.results.training.schedule import Part, ancestry

_ROW, _MOST_ROWS = 20, 60


def pbt_history(info: StudyInfo) -> Section | None:
    """The section; None for a study without populations."""
    best = info.record.best
    if best is None or not any(trial.exploits for trial in info.own):
        return None
    parts = ancestry(info.record.trials, best.number)
    reading = (
        "Each row is a member. A line from one row to another shows that a member copied the other's weights. The "
        "thick line follows the weights of the best trial."
    )
    names = [name for name in parts[-1][2] if len({str(params.get(name)) for *_, params in parts}) > 1]
    rows = [
        (str(step), str(number), *(figure(params[name]) if name in params else "-" for name in names))
        for step, number, params in parts
    ]
    table = Table(("From step", "Trained as trial", *names), rows, frozenset(range(len(names) + 2)))
    chart = Chart("lineage", _figure(info, best, parts), title="Lineage")
    return Section("lineage", "The population", [chart, table], reading)


def _figure(info: StudyInfo, best: TrialRecord, parts: list[Part]) -> go.Figure:
    members = [trial for trial in info.own if trial.reports]
    if len(members) > _MOST_ROWS:
        ancestors = {number for _, number, _ in parts}
        members = [trial for trial in members if trial.number in ancestors or trial.exploits][:_MOST_ROWS]
    numbers = {trial.number: row for row, trial in enumerate(members)}
    drawn = go.Figure()
    for member in members:
        drawn.add_trace(_line([(0, member.number), (max(member.reports), member.number)], numbers, COMPLETE, 1.2))
        for exploit in member.exploits:
            if exploit.donor in numbers:
                ends = [(exploit.step, exploit.donor), (exploit.step, member.number)]
                drawn.add_trace(_line(ends, numbers, OTHER, 1))
    path = [(step, number) for step, number, _ in parts if number in numbers]
    ends_at = [*(step for step, _ in path[1:]), max(best.reports, default=0)]
    corners = [(at, number) for (begin, number), end in zip(path, ends_at, strict=True) for at in (begin, end)]
    drawn.add_trace(_line(corners, numbers, BEST, 3.5))
    drawn.update_xaxes(title="step", rangemode="tozero")
    drawn.update_yaxes(
        tickvals=list(numbers.values()), ticktext=[f"trial {number}" for number in numbers], autorange="reversed"
    )
    return drawn.update_layout(height=_ROW * len(members) + 110, showlegend=False, hovermode="closest")


def _line(points: list[tuple[int, int]], rows: dict[int, int], colour: str, width: float) -> go.Scatter:
    return go.Scatter(
        x=[step for step, _ in points],
        y=[rows[number] for _, number in points],
        text=[f"trial {number}, step {step}" for step, number in points],
        hovertemplate="%{text}<extra></extra>",
        mode="lines",
        line={"color": colour, "width": width},
    )
