"""What the shell completes on Tab: commands, specs, studies.

`fxai.cli.app` loads this file for every command, so that it imports in its functions what takes time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from fxai.errors import FxaiError
from fxai.spec.fields.defaults import STORAGE

_ENDINGS = (".yaml", ".yml")


class Completion(NamedTuple):
    """A word that may stand there; the names are those that shells are told by."""

    value: str
    help: str
    type: str = "plain"


def complete_spec(incomplete: str) -> Sequence[str]:
    """Shipped specs by name, and the folders and YAML files that begin so."""
    from fxai.spec.reading.find_spec import shipped_specs  # noqa: PLC0415

    shipped = [path.stem for path in shipped_specs() if path.stem.startswith(incomplete)]
    return [*shipped, *_files(incomplete)]


def complete_study(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The studies of the database that the command line names, or of the usual one; none where it cannot be read."""
    from fxai.search.studies import study_names  # noqa: PLC0415

    try:
        names = study_names(ctx.params.get("storage") or STORAGE)
    except FxaiError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _files(incomplete: str) -> Sequence[str]:
    folder, _, beginning = incomplete.rpartition("/")
    place = Path(folder or ("/" if incomplete.startswith("/") else "."))
    if not place.is_dir():
        return []
    found = sorted(path for path in place.iterdir() if path.name.startswith(beginning) and _may_lead_to_a_spec(path))
    return [f"{path}/" if path.is_dir() else str(path) for path in found]


def _may_lead_to_a_spec(path: Path) -> bool:
    return not path.name.startswith(".") and (path.suffix in _ENDINGS or path.is_dir())
