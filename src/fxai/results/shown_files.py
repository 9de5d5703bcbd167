"""Which of a study's files are for people to look at."""

from collections.abc import Mapping
from pathlib import Path

from fxai.errors import InputError
from fxai.results.paths import StudyPaths


def shown_files(results_dir: Path, study: str) -> Mapping[str, Path]:
    """By their paths in the study's folder: those right in it, and the pages of its plots by other metrics.

    The report comes first, then other pages. A link that leads out of the folder is none of them.
    """
    try:
        folder = StudyPaths(results_dir, study).directory
    except InputError:  # a name that no folder can have
        return {}
    found = [path for path in (*folder.glob("*"), *folder.glob("by_*/*.html")) if not path.name.startswith(".")]
    own = [path for path in found if path.is_file() and path.resolve().is_relative_to(folder.resolve())]
    own.sort(key=lambda path: (path.name != "report.html", path.suffix != ".html", str(path)))
    return {path.relative_to(folder).as_posix(): path for path in own}
