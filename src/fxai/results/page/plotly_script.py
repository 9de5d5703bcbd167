"""plotly's script: compressed inside a page, or one file of a results folder that its pages load by a relative link."""

import gzip
import os
from base64 import b64encode
from functools import cache
from pathlib import Path
from urllib.parse import quote

from plotly.offline import get_plotlyjs

from fxai.atomic_write import write_text


@cache
def packed_script() -> str:
    """The script by gzip and base64, 1.9 MB instead of 4.8; `page.js` unpacks it."""
    return b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()


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
