"""The result files of a study that the dashboard serves."""

from collections.abc import Mapping
from pathlib import Path

from fxai.errors import InputError
from fxai.results.paths import StudyPaths


def shown_files(results_dir: Path, study: str) -> Mapping[str, Path]:
    """The files of a study's folder and its pages of plots by other metrics, by their paths in the folder.

    The report is first, then other pages. Symbolic links to files outside the folder are left out.
    """
    try:
        folder = StudyPaths(results_dir, study).directory
    except InputError:  # the name cannot be a folder's name
        return {}
    found = [path for path in (*folder.glob("*"), *folder.glob("by_*/*.html")) if not path.name.startswith(".")]
    own = [path for path in found if path.is_file() and path.resolve().is_relative_to(folder.resolve())]
    own.sort(key=lambda path: (path.name != "report.html", path.suffix != ".html", str(path)))
    return {path.relative_to(folder).as_posix(): path for path in own}
