"""Studies by the folders that hold their files."""

from collections.abc import Iterator
from pathlib import Path

from fxai.errors import InputError
from fxai.results.study_results import StudyResults
from fxai.search.studies import is_archived

RESULTS = "_results.json"


def studies_in(folder: Path) -> dict[str, StudyResults]:
    """The studies whose results files lie in a folder or one below it, by name; an `InputError` where there are none.

    Those that --fresh has set aside are left out.
    """
    found = [StudyResults.in_file(path) for path in _files(folder)]
    if not found:
        raise InputError(f"{folder} holds no study: there is no <study>{RESULTS} in it, nor in a folder below it")
    return {each.name: each for each in found}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted((*folder.glob(f"*{RESULTS}"), *folder.glob(f"*/*{RESULTS}"))):
        if path.name == f"{path.parent.name}{RESULTS}" and not is_archived(path.parent.name):
            yield path
