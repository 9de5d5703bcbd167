"""Figures as files: HTML that opens without network, or a picture where kaleido is there to draw it."""

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fxai.whole_file import write_text

PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
_WIDTH, _SCALE = 1200, 2


def save_figure(figure: Any, path: str | Path, logger: logging.Logger) -> Path:
    """Write a figure of plotly's in the kind that its file's name says; HTML for any that is no picture.

    A picture takes the package kaleido, and kaleido a Chrome: without them the figure becomes HTML beside where the
    picture would be, and a warning says so. Returns the file that was written.
    """
    path = Path(path)
    if path.suffix.lower() in PICTURES:
        path.parent.mkdir(parents=True, exist_ok=True)
        obstacle = _picture(figure, path)
        if obstacle is None:
            return path
        page = path.with_suffix(".html")
        logger.warning("%s is not drawn, as %s; %s is written instead", path, obstacle, page)
        path = page
    write_text(path, figure.to_html(include_plotlyjs=True, full_html=True))
    return path


def _picture(figure: Any, path: Path) -> str | None:
    """Draw it; why that cannot be, else None."""
    if find_spec("kaleido") is None:
        return "pictures take the package kaleido"
    try:
        figure.write_image(path, width=_WIDTH, height=figure.layout.height, scale=_SCALE)
    except (RuntimeError, ValueError, OSError) as error:
        return str(error).strip().splitlines()[0]
    return None
