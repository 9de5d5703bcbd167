"""The page of one plot: an HTML file that opens without network, with a light and a dark theme.

The page loads plotly's script from the results folder.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from fxai.results.page.palette import OTHER
from fxai.results.page.render import least_height, page_html
from fxai.results.plots.plot_colours import in_own_colours

_TEMPLATE = "plot.html"


@dataclass(frozen=True, slots=True)
class Page:
    """Texts and links of a plot's page; `siblings` are the names and titles of the study's plots."""

    title: str
    reading: str  # how to read the plot
    study: str
    footer: str
    siblings: tuple[tuple[str, str], ...]
    plotly_link: str  # as of `page_html`
    least_width: int = 0  # pixels; a narrower screen scrolls sideways

    def with_figure(self, figure: go.Figure) -> str:
        """The HTML of the page with the figure."""
        shown = _for_page(figure)
        content = {**self._content(), "absent": "", "height": least_height(shown)}
        return page_html(_TEMPLATE, content, {"figure": shown}, plotly_link=self.plotly_link)

    def without_figure(self, reason: str) -> str:
        """The HTML of the page with the reason why there is no plot."""
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
    """The figure without its own colours for the parts that the theme colours."""
    in_own_colours(figure)
    figure.update_layout(plot_bgcolor=None)
    figure.update_annotations(font_color=None)
    figure.update_shapes(line_color=OTHER, selector={"type": "line"})
    figure.update_xaxes(automargin=True, exponentformat="e")
    figure.update_yaxes(automargin=True, exponentformat="e")
    return figure
