"""The page of one plot: a single HTML file that opens without network."""

from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go
import plotly.io

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {study}</title>
<style>
body {{ margin: 0 auto; padding: 24px 32px; max-width: 1400px; color: #1c2733; background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }}
h1 {{ font-size: 22px; font-weight: 600; margin: 0; }}
p {{ margin: 4px 0 12px; max-width: 80ch; color: #536271; }}
nav {{ margin: 0 0 20px; font-size: 13px; color: #536271; }}
nav a {{ color: #1f6fb2; text-decoration: none; margin-right: 16px; white-space: nowrap; }}
nav b {{ margin-right: 16px; white-space: nowrap; }}
.absent {{ margin: 48px 0; padding: 16px 20px; border-left: 4px solid #c9d3dc; color: #1c2733; background: #f6f8fa; }}
footer {{ margin-top: 16px; font-size: 13px; color: #7a8896; }}
</style>
</head>
<body>
<nav>{links}</nav>
<h1>{title}</h1>
<p>{reading}</p>
{content}
<footer>{footer}</footer>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What a plot's page says around the plot; `siblings` are the plots of the study, name and title."""

    name: str
    title: str
    reading: str  # how to read the plot
    study: str
    footer: str
    siblings: tuple[tuple[str, str], ...]

    def with_figure(self, figure: go.Figure) -> str:
        """The whole page, plotly's own script within it."""
        return self._html(
            plotly.io.to_html(
                figure, full_html=False, include_plotlyjs=True, config={"displaylogo": False, "responsive": True}
            )
        )

    def without_figure(self, reason: str) -> str:
        """The page that says why there is no plot."""
        return self._html(f'<div class="absent">{escape(reason)}</div>')

    def _html(self, content: str) -> str:
        return _PAGE.format(
            title=escape(self.title),
            study=escape(self.study),
            reading=escape(self.reading),
            links=" ".join(self._link(name, title) for name, title in self.siblings),
            footer=escape(self.footer),
            content=content,
        )

    def _link(self, name: str, title: str) -> str:
        return f"<b>{escape(title)}</b>" if name == self.name else f'<a href="{name}.html">{escape(title)}</a>'
