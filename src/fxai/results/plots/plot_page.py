"""The page of one plot: a single HTML file that opens without network, in the report's light and dark colours."""

from dataclasses import dataclass

import plotly.graph_objects as go

from fxai.results.page.palette import OTHER
from fxai.results.page.render import least_height, page_html
from fxai.results.plots.plot_colours import in_own_colours

_TEMPLATE = "plot.html"


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
        shown = _for_page(figure)
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


def _for_page(figure: go.Figure) -> go.Figure:
    """The figure without colours of its own for what the theme colours."""
    in_own_colours(figure)
    figure.update_layout(plot_bgcolor=None)
    figure.update_annotations(font_color=None)
    figure.update_shapes(line_color=OTHER, selector={"type": "line"})
    figure.update_xaxes(automargin=True, exponentformat="e")
    figure.update_yaxes(automargin=True, exponentformat="e")
    return figure
