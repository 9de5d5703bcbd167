"""Shell completion of commands, specs and studies.

`fxai.cli.app` loads this file for every command, so slow imports are inside the functions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from fxai.errors import FxaiError
from fxai.spec.fields.defaults import STORAGE

_ENDINGS = (".yaml", ".yml")


class Completion(NamedTuple):
    """One completion. The field names are those that Click's shell scripts read."""

    value: str
    help: str
    type: str = "plain"


def complete_spec(incomplete: str) -> Sequence[str]:
    """Names of shipped specs, and paths of folders and YAML files, that begin with the text."""
    from fxai.spec.reading.find_spec import shipped_specs  # noqa: PLC0415

    shipped = [path.stem for path in shipped_specs() if path.stem.startswith(incomplete)]
    return [*shipped, *_files(incomplete)]


def complete_study(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """Names of studies in the database of `--storage`, or in the default one; none if it cannot be read."""
    from fxai.search.studies import study_names  # noqa: PLC0415

    try:
        names = study_names(ctx.params.get("storage") or STORAGE)
    except FxaiError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _files(incomplete: str) -> Sequence[str]:
    folder, _, beginning = incomplete.rpartition("/")
    directory = Path(folder or ("/" if incomplete.startswith("/") else "."))
    if not directory.is_dir():
        return []
    found = sorted(path for path in directory.iterdir() if path.name.startswith(beginning) and _is_offered(path))
    return [f"{path}/" if path.is_dir() else str(path) for path in found]


def _is_offered(path: Path) -> bool:
    return not path.name.startswith(".") and (path.suffix in _ENDINGS or path.is_dir())
