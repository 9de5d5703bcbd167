"""Renders pages from templates. Texts are escaped. Figures are inside the page, plotly's script inside or linked."""

import json
import re
from collections.abc import Mapping

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from fxai.results.page.palette import DARK, PRUNED, SERIES
from fxai.results.page.plotly_script import packed_script

# Plotly renders tags in texts. FxAI's figures use these two; any other tag is part of a name and is escaped.
_FOREIGN_TAG = re.compile(r"<(?!/?(?:br|extra)>)")

_templates = Environment(
    loader=PackageLoader("fxai.results.page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_NO_BREAK = "\u00a0"
_NAME_PART = re.compile(r"(?<=[^\W\d])([._/])(?=\w)")


def _unbroken(text: str) -> str:
    """The text with a no-break space after each ± and before each %."""
    return text.replace("± ", f"±{_NO_BREAK}").replace(" %", f"{_NO_BREAK}%")


def _breakable(text: str) -> Markup:
    """The text with line break opportunities after dots, underscores and slashes of names."""
    return Markup(_NAME_PART.sub(r"\1<wbr>", str(escape(text))))  # noqa: S704 (escaped just before)


_templates.filters.update(unbroken=_unbroken, breakable=_breakable)


def page_html(
    template: str,
    content: Mapping[str, object],
    figures: Mapping[str, go.Figure] | None = None,
    *,
    plotly_link: str = "",
) -> str:
    """Render a page.

    Args:
        template: File name of the template.
        content: Variables of the template.
        figures: Figures by the names that the template uses. Without figures, the page does not contain plotly.
        plotly_link: Relative link to plotly's script. If empty, the compressed script is inside the page.
    """
    drawn = {name: _plain(figure) for name, figure in (figures or {}).items()}
    return _templates.get_template(template).render(
        content,
        figures=script_json(drawn),
        palette=script_json({"dark": DARK, "series": SERIES, "best": PRUNED}),
        packed_plotly=packed_script() if drawn and not plotly_link else "",
        plotly_link=plotly_link if drawn else "",
    )


def script_json(value: object) -> Markup:
    """JSON that is safe inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (no element can begin or end in it)


def _plain(figure: go.Figure) -> object:
    """The figure as JSON data without template and title; the page's script sets the colours."""
    figure.update_layout(template="none", title=None)
    return _without_markup(json.loads(figure.to_json()))


def _without_markup(value: object) -> object:
    match value:
        case str():
            return _FOREIGN_TAG.sub("&lt;", value)
        case dict():
            return {name: _without_markup(each) for name, each in value.items()}
        case list():
            return [_without_markup(each) for each in value]
    return value


def least_height(figure: go.Figure) -> int:
    """Height in pixels that the page reserves for a figure until it is drawn."""
    return int(figure.layout.height or 450)
