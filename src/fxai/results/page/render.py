"""A page from its template: every text escaped, plotly's script and the figures within."""

import json
import re
from collections.abc import Mapping

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from fxai.results.page.palette import DARK, PRUNED, SERIES

# What plotly draws as markup within a text, and what FxAI's own figures use of it; all else is somebody's name.
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
    """An estimate's error stays with its sign."""
    return text.replace("± ", f"±{_NO_BREAK}")


def _breakable(text: str) -> Markup:
    """A long dotted name may go on in the next line after a dot or an underscore."""
    return Markup(_NAME_PART.sub(r"\1<wbr>", str(escape(text))))  # noqa: S704 (escaped just before)


_templates.filters.update(unbroken=_unbroken, breakable=_breakable)


def page_html(template: str, content: Mapping[str, object], figures: Mapping[str, go.Figure] | None = None) -> str:
    """The page; `figures` by the names under which the template places them, and no plotly where there are none."""
    drawn = {name: _plain(figure) for name, figure in (figures or {}).items()}
    return _templates.get_template(template).render(
        content,
        figures=script_json(drawn),
        palette=script_json({"dark": DARK, "series": SERIES, "best": PRUNED}),
        plotly=Markup(get_plotlyjs()) if drawn else None,  # noqa: S704 (plotly's own)
    )


def script_json(value: object) -> Markup:
    """JSON that may stand within a script element, whatever texts are in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (no element can begin or end in it)


def _plain(figure: go.Figure) -> object:
    """The figure as JSON data, of which the page's script sets the look."""
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
    """Pixels that the page keeps free for a figure until it is drawn."""
    return int(figure.layout.height or 450)
