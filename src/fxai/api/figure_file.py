"""Figures as files: HTML that opens without network, or a picture, which the extra kaleido draws in a Chrome."""

import logging
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fxai.atomic_write import write_bytes, write_text

PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
NO_KALEIDO = (
    "pictures take the extra kaleido: `pip install 'fxai[kaleido]'` (in a clone, `poetry install --extras kaleido`)"
)
_NO_BROWSER = "kaleido cannot start a Chrome or Chromium; install one, or name its program in BROWSER_PATH"
_WIDTH, _SCALE = 1200, 2


def save_figure(figure: Any, path: str | Path, logger: logging.Logger) -> Path:
    """Write a figure of plotly's in the kind that its file's name says; HTML for any that is no picture.

    A picture takes the extra kaleido, and kaleido a Chrome: the one of the system, or the program that the environment
    variable BROWSER_PATH names. Without them the figure is written as HTML beside where the picture would be, and a
    warning says what to install. Returns the file that was written.
    """
    path = Path(path)
    if path.suffix.lower() in PICTURES:
        picture = _picture(figure, path.suffix.lower().removeprefix("."))
        if isinstance(picture, bytes):
            write_bytes(path, picture)
            return path
        page = path.with_suffix(".html")
        logger.warning("%s is not drawn: %s. %s is written instead", path, picture, page)
        path = page
    write_text(path, figure.to_html(include_plotlyjs=True, full_html=True))
    return path


def _picture(figure: Any, kind: str) -> bytes | str:
    """The picture; a text where it cannot be drawn, which says why."""
    if find_spec("kaleido") is None:
        return NO_KALEIDO
    try:
        drawn: bytes = figure.to_image(format=kind, width=_WIDTH, height=figure.layout.height, scale=_SCALE)
    except Exception as error:  # noqa: BLE001 (a browser fails in ways of its own)
        if re.search("chrome|browser", f"{type(error).__name__} {error}", re.IGNORECASE):
            return _NO_BROWSER
        return " ".join(str(error).split()) or type(error).__name__
    return drawn
