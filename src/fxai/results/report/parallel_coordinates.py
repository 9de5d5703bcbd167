"""Report section: parallel coordinates of the best trials, drawn over the other trials."""

from collections.abc import Sequence

import plotly.graph_objects as go

from fxai.formatting import figure
from fxai.results.page.palette import BEST, COMPLETE, FAINT
from fxai.results.plots.axis_labels import folded
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Chart, Section
from fxai.results.report.sample import every_kth
from fxai.results.report.scales import Scale
from fxai.results.report.study_info import StudyInfo

_TOP_SHARE = 0.1
_FEWEST, _MOST_TOP, _MOST_OTHERS = 5, 25, 200
_ROW = 46
_WIDE = 28  # characters of a line of a parameter's name


def top_trials(info: StudyInfo) -> Section:
    reading = (
        "Each line is a trial; each row is the range of a parameter. If the strong lines meet in a row, the good "
        "values of the parameter are there. If they are spread, the value matters little, or the good values are not "
        "found yet."
    )
    name, title = "parallel", "Parameters of the best trials"
    scales = _drawable(info)
    if len(info.ranked) < 2 or not scales:  # noqa: PLR2004 (one trial has nothing to compare with)
        return Section(name, title, [Absent("Two completed trials with a common parameter are required.")])
    count = min(max(round(_TOP_SHARE * len(info.ranked)), _FEWEST), _MOST_TOP, len(info.ranked))
    top = info.ranked[:count]
    others, _ = every_kth(info.ranked[count:], _MOST_OTHERS, "their values")
    drawn = go.Figure()
    if others:
        drawn.add_trace(_lines(info, others, scales, f"{len(others):,} others", (FAINT, 1)))
    if top[1:]:
        drawn.add_trace(_lines(info, top[1:], scales, f"the best {len(top)}", (COMPLETE, 1.5)))
    drawn.add_trace(_lines(info, top[:1], scales, _best_called(info, top[0]), (BEST, 3.5)))
    _label_rows(drawn, scales)
    drawn.update_layout(
        height=_ROW * len(scales) + 110,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
    )
    rest = len(info.ranked) - count
    note = f"{len(others):,} of {rest:,} other completed trials are drawn." if len(others) < rest else ""
    left_out = [name for name in info.scales if name not in {scale.name for scale in scales}]
    if left_out:
        note = (
            f"{note} Not shown, because only some trials have them or they do not vary: {', '.join(left_out)}.".strip()
        )
    return Section(name, title, [Chart("parallel", drawn, note=note)], reading)


def _best_called(info: StudyInfo, first: TrialRecord) -> str:
    """The name of the first line. A confirmation may have chosen another trial than the best one of the search."""
    best = info.record.best
    words = "best" if best is None or info.record.front or best.number == first.number else "best in the search"
    return f"{words} (trial {first.number})"


def _drawable(info: StudyInfo) -> Sequence[Scale]:
    """The scales of the parameters that all completed trials have and that vary, the most important first."""
    shares = {each.name: each.share for each in info.analysis.importances}
    values: dict[str, set[object]] = {}
    for trial in info.ranked:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    common = [name for name in values if all(name in trial.params for trial in info.ranked)]
    varying = [name for name in common if len(values[name]) > 1]
    return [info.scales[name] for name in sorted(varying, key=lambda name: -shares.get(name, 0.0))]


def _lines(
    info: StudyInfo, trials: Sequence[TrialRecord], scales: Sequence[Scale], name: str, look: tuple[str, float]
) -> go.Scatter:
    """All trials as one trace with a gap after each; `look` is the colour and the width of the lines."""
    colour, width = look
    places: list[float | None] = []
    rows: list[int | None] = []
    texts: list[str] = []
    for trial in trials:
        places += [*(scale.position(trial.params[scale.name]) for scale in scales), None]
        rows += [*range(len(scales)), None]
        value = info.value_text(trial.value or 0.0, trial.standard_error)
        texts += [
            *(
                f"{scale.name} = {figure(trial.params[scale.name])}<br>trial {trial.number}: {value}"
                for scale in scales
            ),
            "",
        ]
    return go.Scatter(
        x=places,
        y=rows,
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        mode="lines+markers",
        line={"color": colour, "width": width},
        marker={"size": 4 if width > 1 else 2},
        name=name,
    )


def _label_rows(drawn: go.Figure, scales: Sequence[Scale]) -> None:
    """Write the names at the left, and the ends of each range below its row."""
    drawn.update_yaxes(
        tickvals=list(range(len(scales))),
        ticktext=[folded(scale.name, _WIDE) for scale in scales],
        range=[len(scales) - 0.4, -0.6],
        zeroline=False,
    )
    drawn.update_xaxes(range=[-0.03, 1.03], showticklabels=False, showgrid=False, zeroline=False)
    for row, scale in enumerate(scales):
        for at, anchor, text in zip((0, 1), ("left", "right"), scale.ends, strict=True):
            drawn.add_annotation(
                x=at, y=row, yshift=-11, xanchor=anchor, text=text, showarrow=False, font={"size": 10}, opacity=0.75
            )
