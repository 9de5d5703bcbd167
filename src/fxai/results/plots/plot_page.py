"""The page of one plot: a single HTML file that opens without network, in the report's light and dark colours."""

from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.colors import convert_colors_to_same_type, sample_colorscale

from fxai.results.page.palette import OTHER, SCALE
from fxai.results.page.render import least_height, page_html

_TEMPLATE = "plot.html"
_PLACES = [place / (len(SCALE) - 1) for place in range(len(SCALE))]
_OPTUNAS = sample_colorscale("Blues", _PLACES, colortype="tuple")
_COLOURS = [list(each) for each in zip(_PLACES, SCALE, strict=True)]


@dataclass(frozen=True, slots=True)
class Page:
    """What a plot's page says around the plot; `siblings` are the plots of the study, name and title."""

    title: str
    reading: str  # how to read the plot
    study: str
    footer: str
    siblings: tuple[tuple[str, str], ...]
    least_width: int = 0  # pixels; on a narrower screen the plot scrolls sideways

    def with_figure(self, figure: go.Figure) -> str:
        """The whole page, plotly's own script within it."""
        shown = _in_palette(figure)
        return page_html(_TEMPLATE, {**self._content(), "absent": "", "height": least_height(shown)}, {"figure": shown})

    def without_figure(self, reason: str) -> str:
        """The page that says why there is no plot."""
        return page_html(_TEMPLATE, {**self._content(), "absent": reason, "height": 0})

    def _content(self) -> dict[str, object]:
        return {
            "title": self.title,
            "study": self.study,
            "reading": self.reading,
            "plots": self.siblings,
            "footer": self.footer,
            "least_width": self.least_width,
        }


def _in_palette(figure: go.Figure) -> go.Figure:
    """The figure with the page's own scale of colours in place of Optuna's, so that it changes with the theme."""
    figure.update_traces(colorscale=_COLOURS, selector={"type": "contour"})
    for trace in figure.select_traces(selector={"type": "scatter"}):
        if trace.marker.colorscale is not None:
            trace.marker.colorscale = _COLOURS
        if str(trace.line.color).startswith("rgb"):
            trace.line.color = _nearest(trace.line.color)
    figure.update_layout(plot_bgcolor=None)
    figure.update_annotations(font_color=None)
    figure.update_shapes(line_color=OTHER, selector={"type": "line"})
    figure.update_xaxes(automargin=True, exponentformat="e")
    figure.update_yaxes(automargin=True, exponentformat="e")
    return figure


def _nearest(colour: str) -> str:
    """The colour of the page's scale at the place that a colour has on Optuna's scale."""
    (wanted,) = convert_colors_to_same_type([colour], colortype="tuple")[0]
    distances = [sum((a - b) ** 2 for a, b in zip(wanted, each, strict=True)) for each in _OPTUNAS]
    return SCALE[distances.index(min(distances))]
