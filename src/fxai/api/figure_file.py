"""Saves figures: as HTML that opens without network, or as a picture, with the extra kaleido and a Chrome."""

import logging
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fxai.atomic_write import write_bytes, write_text

PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
NO_KALEIDO = (
    "pictures need the extra kaleido: `pip install 'fxai[kaleido]'` (in a clone, `poetry install --extras kaleido`)"
)
_NO_BROWSER = "kaleido cannot start Chrome or Chromium; install one, or set BROWSER_PATH to its program"
_WIDTH, _SCALE = 1200, 2


def save_figure(figure: Any, path: str | Path, logger: logging.Logger) -> Path:
    """Write a plotly figure in the format of the file's suffix; HTML for any suffix that is not a picture format.

    A picture needs the extra kaleido, and kaleido needs a Chrome: the system's, or the program in the environment
    variable BROWSER_PATH. Without them the figure is written as HTML next to the picture's path, and a warning names
    what to install.

    Returns:
        The path of the written file.
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
    """The picture as bytes; if it cannot be drawn, the reason as text."""
    if find_spec("kaleido") is None:
        return NO_KALEIDO
    try:
        drawn: bytes = figure.to_image(format=kind, width=_WIDTH, height=figure.layout.height, scale=_SCALE)
    except Exception as error:  # noqa: BLE001  # kaleido and the browser raise errors without a common class
        if re.search("chrome|browser", f"{type(error).__name__} {error}", re.IGNORECASE):
            return _NO_BROWSER
        return " ".join(str(error).split()) or type(error).__name__
    return drawn
