"""plotly's script as one file of a results folder, which the pages of the folder load by a relative link."""

import os
from pathlib import Path
from urllib.parse import quote

from plotly.offline import get_plotlyjs

from fxai.atomic_write import write_text


def linked_script(script: Path, page: Path) -> str:
    """Write plotly's script, unless the file is the installed version. Returns the relative link of a page to it."""
    content = get_plotlyjs()
    try:
        is_written = script.read_text(encoding="utf-8") == content
    except (OSError, UnicodeDecodeError):
        is_written = False
    if not is_written:
        write_text(script, content)
    return quote(Path(os.path.relpath(script, page.parent)).as_posix())
