"""Replaces the colour scales of Optuna's figures by the page's scales, which change with the theme."""

import plotly.graph_objects as go
from plotly.colors import convert_colors_to_same_type, sample_colorscale

from fxai.results.page.palette import MARKS, SCALE

_PLACES = [place / (len(SCALE) - 1) for place in range(len(SCALE))]
_OPTUNAS = sample_colorscale("Blues", _PLACES, colortype="tuple")
_AREAS = [list(each) for each in zip(_PLACES, SCALE, strict=True)]
_MARKS = [list(each) for each in zip(_PLACES, MARKS, strict=True)]
_LINE_OPACITY = 0.7


def in_own_colours(figure: go.Figure) -> go.Figure:
    """The figure with the page's colour scales. The palest colours of Optuna's scale are hardly visible."""
    figure.update_traces(colorscale=_AREAS, selector={"type": "contour"})
    for trace in figure.select_traces(selector={"type": "scatter"}):
        if trace.marker.colorscale is not None:
            trace.marker.colorscale = _MARKS
        if str(trace.line.color).startswith("rgb"):
            trace.line.color, trace.opacity = _nearest(trace.line.color), _LINE_OPACITY
    return figure


def _nearest(colour: str) -> str:
    """The page's colour for a colour of Optuna's scale."""
    (wanted,) = convert_colors_to_same_type([colour], colortype="tuple")[0]
    distances = [sum((a - b) ** 2 for a, b in zip(wanted, each, strict=True)) for each in _OPTUNAS]
    return MARKS[distances.index(min(distances))]
