"""Percent labels on the axes and colour bars of figures that show a metric in percent.

Optuna uses the metric's name as the title of an axis or a colour bar, and as the label of a parallel axis, which it
makes of annotations.
"""

from collections.abc import Iterator

import plotly.graph_objects as go

from fxai.metric_text import axis_format, is_percent, number_text


def with_metric_axes(figure: go.Figure, *, trading: bool) -> go.Figure:
    """The figure with percent labels; `trading` is whether FxAI measured the metrics."""
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        axis.update(axis_format(_named(_first_of(axis, figure)), trading=trading))
    for bar in _colour_bars(figure):
        bar.tickformat = axis_format(_named(bar), trading=trading).get("tickformat")
    _label_parallel_axes(figure, trading=trading)
    return figure


def _first_of(axis: go.layout.XAxis | go.layout.YAxis, figure: go.Figure) -> go.layout.XAxis | go.layout.YAxis:
    """The axis with the title: the axis itself, or the first of subplots that share a scale."""
    return figure.layout[f"{axis.matches[0]}axis{axis.matches[1:]}"] if axis.matches else axis


def _named(titled: go.layout.XAxis | go.layout.YAxis) -> str:
    """The metric in the title of an axis or a colour bar: `total_return`, `total_return (maximize)`."""
    return str(titled.title.text or "").partition(" (")[0]


def _colour_bars(figure: go.Figure) -> Iterator[go.contour.ColorBar | go.scatter.marker.ColorBar]:
    for trace in figure.data:
        if trace.type == "contour":
            yield trace.colorbar
        elif trace.type == "scatter" and trace.marker.showscale:
            yield trace.marker.colorbar


def _label_parallel_axes(figure: go.Figure, *, trading: bool) -> None:
    """Replace the texts of values of parallel coordinates: `5 %` for `0.05`."""
    places = {
        place
        for trace in figure.data
        for place, row in enumerate(trace.customdata if trace.customdata is not None else ())
        if is_percent(row[0], trading=trading)
    }
    for trace in figure.data:
        if trace.customdata is not None:
            trace.customdata = [
                [name, number_text(name, float(text), trading=trading) if place in places else text]
                for place, (name, text) in enumerate(trace.customdata)
            ]
    for label in figure.layout.annotations:
        if label.x in places and label.xref != "paper":  # paper coordinates: a sentence next to the axes
            label.text = f"{100 * float(label.text):.3g} %"
