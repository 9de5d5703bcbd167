"""Figures as pages, and as pictures where kaleido and a browser draw them."""

import logging
from importlib.util import find_spec
from pathlib import Path

import plotly.graph_objects as go
import pytest

from fxai.api import figure_file
from fxai.api.figure_file import NO_KALEIDO, save_figure
from skip_marks import needs_browser

LOGGER = logging.getLogger("figures")
FIGURE = go.Figure(go.Scatter(y=[1, 3, 2])).update_layout(height=400)
needs_kaleido = pytest.mark.skipif(find_spec("kaleido") is None, reason="needs Kaleido: `poetry install` in a clone")


def test_a_page_opens_without_network(tmp_path: Path) -> None:
    page = save_figure(FIGURE, tmp_path / "figure.html", LOGGER)
    assert page.stat().st_size > 1_000_000  # plotly is in it


@needs_kaleido
@needs_browser
@pytest.mark.parametrize(
    ("name", "beginning"),
    [("a.png", b"\x89PNG\r\n\x1a\n"), ("b.PNG", b"\x89PNG"), ("c.pdf", b"%PDF"), ("d.svg", b"<svg")],
)
def test_a_picture_has_the_format_of_its_suffix(tmp_path: Path, name: str, beginning: bytes) -> None:
    path = tmp_path / "figures" / name
    assert save_figure(FIGURE, path, LOGGER) == path
    assert path.read_bytes().startswith(beginning)
    assert [each.name for each in path.parent.iterdir()] == [name]


def test_without_the_extra_a_page_is_written_and_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(figure_file, "find_spec", lambda _name: None)
    assert save_figure(FIGURE, tmp_path / "figure.png", LOGGER) == tmp_path / "figure.html"
    (said,) = caplog.messages
    assert NO_KALEIDO in said
    assert "fxai[kaleido]" in said
    assert str(tmp_path / "figure.html") in said
    assert [path.name for path in tmp_path.iterdir()] == ["figure.html"]


@needs_kaleido
def test_without_a_browser_a_page_is_written_and_what_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/bin/false")
    assert save_figure(FIGURE, tmp_path / "figure.png", LOGGER) == tmp_path / "figure.html"
    assert any("BROWSER_PATH" in said for said in caplog.messages)
