"""Hides Python warnings that libraries and FxAI raise. The user cannot act on them."""

import sys
import sysconfig
import warnings
from pathlib import Path
from typing import TextIO

_LIBRARIES = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib"))
_OWN = str(Path(__file__).parents[1])


def hide_library_warnings() -> None:
    """Show only warnings from the user's own code, unless Python was started with -W."""
    if sys.warnoptions:
        return
    show = warnings.showwarning

    def shown(  # noqa: PLR0917 -- Python's signature
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not filename.startswith((*_LIBRARIES, _OWN)):
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = shown
