"""The page over all windows of a study that `fxai retune` has tuned again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import plotly.graph_objects as go

import fxai
from fxai.atomic_write import write_text
from fxai.metric_text import axis_format, number_text
from fxai.results.page.palette import COMPLETE
from fxai.results.page.plotly_script import linked_script
from fxai.results.page.render import least_height, page_html
from fxai.results.paths import StudyPaths
from fxai.results.windows.window_rows import (
    WindowRow,
    cautions,
    chain_sentence,
    parameter_cells,
    parameter_headings,
    window_cells,
    window_headings,
)
from fxai.search.window_chain import window_chain
from fxai.spec.fields.storage_url import shown

TEMPLATE = "windows.html"
_FIGURE = "values"


def write_windows(storage: str, root: str, results_dir: Path) -> Path:
    """Write the page of a chain into the folder of its first study. Returns its path.

    Args:
        storage: Database of the chain.
        root: The study that began the chain.
        results_dir: Folder of the studies' files.

    Raises:
        FxaiError: The page cannot be written.
        StudyNotFoundError: The database has no such study.
    """
    rows = [WindowRow.of(storage, each, results_dir) for each in window_chain(storage, root)]
    paths = StudyPaths(results_dir, root)
    path = paths.windows
    write_text(path, windows_html(rows, root, shown(storage), linked_script(paths.plotly_script, path)))
    return path


def windows_html(rows: Sequence[WindowRow], root: str, database: str, plotly_link: str) -> str:
    """The page.

    Args:
        rows: The windows in their order.
        root: The study that began the chain.
        database: Its URL, without a password.
        plotly_link: As of `page_html`.
    """
    overview = rows[-1].overview
    figure, latest_first = _values(rows), list(reversed(rows))
    content = {
        "root": root,
        "sentence": chain_sentence(rows),
        "goal": f"{overview.direction} {overview.metric}",
        "cautions": list(cautions(latest_first)),
        "links": [row.link for row in latest_first],
        "headings": window_headings(overview.metric),
        "rows": [window_cells(row) for row in latest_first],
        "parameter_headings": parameter_headings(latest_first),
        "parameters": [parameter_cells(row, latest_first) for row in latest_first],
        "chart": None if figure is None else {"name": _FIGURE, "height": least_height(figure)},
        "written": f"Written by FxAI {fxai.__version__} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {database}",
    }
    return page_html(TEMPLATE, content, {} if figure is None else {_FIGURE: figure}, plotly_link=plotly_link)


def _values(rows: Sequence[WindowRow]) -> go.Figure | None:
    """The best value of each window with its standard error; None with fewer than two."""
    metric = rows[-1].overview.metric
    known = [(row, row.estimate) for row in rows if row.overview.metric == metric]
    shown_rows = [(row, value, error) for row, (value, error) in ((r, e) for r, e in known if e is not None)]
    if len(shown_rows) < 2:  # noqa: PLR2004
        return None
    trading = rows[-1].overview.trading
    texts = [
        f"{row.window.study}<br>{number_text(metric, value, error, trading=trading)}<br>{row.word or 'no verdict'}"
        for row, value, error in shown_rows
    ]
    points = go.Scatter(
        x=[row.window.study for row, _, _ in shown_rows],
        y=[value for _, value, _ in shown_rows],
        error_y={"type": "data", "array": [error or 0.0 for _, _, error in shown_rows], "thickness": 1.4},
        mode="lines+markers",
        line={"color": COMPLETE, "width": 1},
        marker={"color": COMPLETE, "size": 9},
        text=texts,
        hovertemplate="%{text}<extra></extra>",
    )
    figure = go.Figure([points])
    figure.update_yaxes(title=metric, **axis_format(metric, trading=trading))
    figure.update_xaxes(type="category")
    return figure.update_layout(height=360, showlegend=False)
