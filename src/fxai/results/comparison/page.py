"""The page of a comparison."""

from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go

import fxai
from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.results.comparison.charts import colours, importances, limits, over_time, over_trials, overlap
from fxai.results.comparison.comparison import Comparison, Group
from fxai.results.comparison.tables import (
    error_note,
    level_note,
    parameter_headings,
    parameter_rows,
    study_headings,
    study_rows,
)
from fxai.results.page.render import least_height, page_html

TEMPLATE = "comparison.html"
_SUFFIXES = ("", ".html", ".htm")


def write_comparison(comparison: Comparison, path: Path) -> Path:
    """Write the page, which opens without network. Returns its path.

    Raises:
        InputError: The file's name does not end in .html.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"{path}: the comparison is an HTML page; name a file that ends in .html")
    write_text(path, comparison_html(comparison))
    return path


def comparison_html(comparison: Comparison) -> str:
    colour, figures = colours(comparison), _Figures()
    groups = [_group(group, place, colour, figures) for place, group in enumerate(comparison.groups)]
    content = {
        "labels": [study.label for study in comparison.studies],
        "groups": groups,
        "importances": figures.place("importances", importances(comparison, colour)),
        "overlap": figures.place("overlap", overlap(comparison, colour)),
        "parameter_headings": parameter_headings(comparison),
        "parameters": parameter_rows(comparison, ranges=True),
        "unshared": list(comparison.unshared.items()),
        "sources": list(dict.fromkeys(study.database for study in comparison.studies)),
        "version": fxai.__version__,
    }
    return page_html(TEMPLATE, content, figures.drawn)


class _Figures:
    """The figures of the page, by name."""

    def __init__(self) -> None:
        self.drawn: dict[str, go.Figure] = {}

    def place(self, name: str, figure: go.Figure | None) -> Mapping[str, object] | None:
        if figure is None:
            return None
        height = least_height(figure)
        self.drawn[name] = figure
        return {"name": name, "height": height}


def _group(group: Group, place: int, colour: Mapping[str, str], figures: _Figures) -> Mapping[str, object]:
    return {
        "name": f"metric-{place}",
        "title": f"{group.goal.direction} {group.goal.metric}",
        "summary": group.summary,
        "cautions": group.cautions,
        "headings": study_headings(group),
        "rows": study_rows(group),
        "notes": [note for note in (error_note(group), level_note(group)) if note is not None],
        "beyond": " Early values that are far worse are outside the axis." if limits(group) else "",
        "over_trials": figures.place(f"trials-{place}", over_trials(group, colour)),
        "over_time": figures.place(f"time-{place}", over_time(group, colour)),
    }
