"""Figures of a comparison. Each study has the same colour in all of them."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from optuna.distributions import BaseDistribution, CategoricalDistribution

from fxai.formatting import figure as value_text
from fxai.metric_text import axis_format, number_text
from fxai.protocol import ParamValue
from fxai.results.comparison.best_so_far import Improvement
from fxai.results.comparison.compared import ComparedStudy, SearchedParameter
from fxai.results.comparison.comparison import Comparison, Group
from fxai.results.page.palette import OTHER, SERIES
from fxai.results.plots.axis_labels import folded
from fxai.results.range_position import ends, position, spanning

_DASHES = ("solid", "dash", "dot")
_UNITS = ((2 * 86400, 86400, "days"), (2 * 3600, 3600, "hours"), (120, 60, "minutes"), (0, 1, "seconds"))
_WIDE = 26
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
_EARLY = 1 / 10  # share of a study's trials
_FLATTENING = 4.0
_MARGIN = 0.08
_LANE = 16  # height of a study's line in a parameter's row, pixels


def colours(comparison: Comparison) -> dict[str, str]:
    """The colours of the studies, by label."""
    return {study.label: SERIES[place % len(SERIES)] for place, study in enumerate(comparison.studies)}


def over_trials(group: Group, colour: Mapping[str, str]) -> go.Figure:
    """The best value so far by number of finished trials."""
    figure = go.Figure(
        [
            _curve(group, study, study.progress.over_trials, (study.progress.finished, 1), colour)
            for study in group.studies
        ]
    )
    return _progress(figure, "finished trials", group)


def over_time(group: Group, colour: Mapping[str, str]) -> go.Figure | None:
    """The best value so far by running time; None if no study has times."""
    timed = [study for study in group.studies if study.progress.over_time]
    if not timed:
        return None
    longest = max(study.progress.seconds for study in timed)
    _, unit, word = next(each for each in _UNITS if longest >= each[0])
    figure = go.Figure(
        [_curve(group, study, study.progress.over_time, (study.progress.seconds, unit), colour) for study in timed]
    )
    return _progress(figure, f"running time, {word}", group)


def importances(comparison: Comparison, colour: Mapping[str, str]) -> go.Figure | None:
    """The importances of all studies with their intervals; None if no study has any."""
    paths = list(reversed(comparison.important))
    if not paths:
        return None
    figure = go.Figure([_bars(study, paths, colour) for study in reversed(comparison.studies)])
    figure.update_xaxes(title="importance", rangemode="tozero")
    figure.update_yaxes(categoryorder="array", categoryarray=[folded(path, _WIDE) for path in paths])
    height = len(paths) * (18 + _LANE * len(comparison.studies)) + 110
    return figure.update_layout(
        height=height, barmode="group", bargap=0.3, legend={**_LEGEND, "traceorder": "reversed"}
    )


def overlap(comparison: Comparison, colour: Mapping[str, str]) -> go.Figure | None:
    """Ranges, values of the leading trials and best values of each shared parameter.

    The scale of a parameter spans the ranges of all studies. None if no shared parameter has an order.
    """
    scales = {path: _scale(comparison, path) for path in comparison.shared}
    ordered = {path: scale for path, scale in scales.items() if scale is not None}
    if not ordered:
        return None
    figure, rows = go.Figure(), {path: row for row, path in enumerate(reversed(ordered))}
    studies = comparison.studies
    for place, study in enumerate(studies):
        offset = (place - (len(studies) - 1) / 2) * 0.7 / len(studies)
        lines = _Lines()
        for path, scale in ordered.items():
            if path in study.parameters:
                lines.add(rows[path] - offset, path, study.parameters[path], scale)
        figure.add_traces(lines.traces(study.label, colour[study.label]))
    figure.update_xaxes(range=[-0.04, 1.04], tickvals=[0, 0.5, 1], ticktext=["low", "middle", "high"])
    names = [folded(path, _WIDE) for path in rows]
    figure.update_yaxes(tickvals=list(rows.values()), ticktext=names, range=[-0.6, len(rows) - 0.4])
    return figure.update_layout(height=len(rows) * (26 + _LANE * len(studies)) + 90, legend=_LEGEND)


def limits(group: Group) -> list[float] | None:
    """Limits of the axis of best values, without far worse early values; None if there are none.

    The axis starts at the values that the studies had reached after a tenth of their trials.
    """
    losses = {
        study.label: [(each.at, group.goal.loss(each.value)) for each in study.progress.over_trials]
        for study in group.studies
        if study.progress.over_trials
    }
    if not losses:
        return None
    least = min(loss for curve in losses.values() for _, loss in curve)
    worst = max(curve[0][1] for curve in losses.values())
    early = {study.label: max(1.0, _EARLY * study.progress.finished) for study in group.studies}
    later = max(_at(curve, early[label]) for label, curve in losses.items())
    if later <= least or worst - least <= _FLATTENING * (later - least):
        return None
    margin = _MARGIN * (later - least)
    ends = (group.goal.loss(later + margin), group.goal.loss(least - margin))
    return sorted(ends)


def _at(curve: Sequence[tuple[float, float]], at: float) -> float:
    """The value of a curve of falling losses at a place; the first value before the curve starts."""
    return next((loss for when, loss in reversed(curve) if when <= at), curve[0][1])


class _Lines:
    """One study's ranges, leading trials and best values, collected into a few traces."""

    def __init__(self) -> None:
        self.range_x: list[float | None] = []
        self.range_y: list[float | None] = []
        self.leaders_x: list[float | None] = []
        self.leaders_y: list[float | None] = []
        self.best_x: list[float] = []
        self.best_y: list[float] = []
        self.texts: list[str] = []

    def add(self, y: float, path: str, parameter: SearchedParameter, scale: BaseDistribution) -> None:
        bounds = ends(parameter.distribution)
        low, high = _places(scale, bounds) if bounds else (None, None)
        if low is None or high is None:
            return
        self.range_x += [low, high, None]
        self.range_y += [y, y, None]
        leaders = parameter.leaders
        found = (None, None) if leaders is None else _places(scale, (leaders.low, leaders.high))
        if found[0] is not None and found[1] is not None:
            self.leaders_x += [found[0], found[1], None]
            self.leaders_y += [y, y, None]
        best = position(scale, parameter.best)
        if best is not None:
            self.best_x.append(best)
            self.best_y.append(y)
            self.texts.append(f"{path}: {value_text(parameter.best)}, of {_range(parameter.distribution)}")

    def traces(self, label: str, colour: str) -> Sequence[go.Scatter]:
        line = {"mode": "lines", "legendgroup": label, "showlegend": False, "hoverinfo": "skip"}
        return [
            go.Scatter(x=self.range_x, y=self.range_y, line={"color": colour, "width": 1.5}, opacity=0.5, **line),
            go.Scatter(x=self.leaders_x, y=self.leaders_y, line={"color": colour, "width": 6}, opacity=0.45, **line),
            go.Scatter(
                x=self.best_x,
                y=self.best_y,
                text=self.texts,
                mode="markers",
                marker={"color": colour, "size": 10},
                name=label,
                legendgroup=label,
                hovertemplate="%{text}",
            ),
        ]


def _scale(comparison: Comparison, path: str) -> BaseDistribution | None:
    return spanning([study.parameters[path].distribution for study in comparison.studies_with(path)])


def _places(scale: BaseDistribution, values: tuple[ParamValue, ParamValue]) -> tuple[float | None, float | None]:
    return position(scale, values[0]), position(scale, values[1])


def _range(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return ", ".join(map(value_text, distribution.choices))
    low, high = ends(distribution) or ("", "")
    return f"{value_text(low)} to {value_text(high)}"


def _curve(
    group: Group,
    study: ComparedStudy,
    improvements: Sequence[Improvement],
    scale: tuple[float, float],
    colour: Mapping[str, str],
) -> go.Scatter:
    """The best value as steps; `scale` is the end of the curve and the unit of the axis."""
    (end, unit), last = scale, improvements[-1:]
    trading = study.analysis.trading
    return go.Scatter(
        x=[*(each.at / unit for each in improvements), *(end / unit for _ in last)],
        y=[*(each.value for each in improvements), *(each.value for each in last)],
        text=[
            f"trial {each.trial}: {number_text(group.goal.metric, each.value, trading=trading)}"
            for each in (*improvements, *last)
        ],
        hovertemplate="%{text}",
        mode="lines",
        name=study.label,
        line={"shape": "hv", "width": 2.5, "color": colour[study.label], "dash": _dash(study.label, colour)},
    )


def _dash(label: str, colour: Mapping[str, str]) -> str:
    """The dash of a study's line. Colours repeat after six studies, dashes tell them apart."""
    return _DASHES[list(colour).index(label) // len(SERIES) % len(_DASHES)]


def _progress(figure: go.Figure, axis: str, group: Group) -> go.Figure:
    figure.update_xaxes(title=axis, rangemode="tozero")
    trading = all(study.analysis.trading for study in group.studies)
    form = axis_format(group.goal.metric, trading=trading)
    figure.update_yaxes(form, title=f"best {group.goal.metric} so far", range=limits(group))
    return figure.update_layout(height=380, legend=_LEGEND, showlegend=True)


def _bars(study: ComparedStudy, paths: Sequence[str], colour: Mapping[str, str]) -> go.Bar:
    searched = [study.parameters[path].importance if path in study.parameters else None for path in paths]
    known = [(path, each) for path, each in zip(paths, searched, strict=True) if each is not None]
    return go.Bar(
        x=[each.share for _, each in known],
        y=[folded(path, _WIDE) for path, _ in known],
        orientation="h",
        name=study.label,
        marker={"color": colour[study.label]},
        error_x={
            "array": [0 if each.high is None else each.high - each.share for _, each in known],
            "arrayminus": [0 if each.low is None else each.share - each.low for _, each in known],
            "color": OTHER,
            "thickness": 1.2,
            "width": 3,
        },
        hovertemplate="%{y}: %{x:.2f}",
    )
