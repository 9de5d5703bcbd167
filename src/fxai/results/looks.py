"""Counts the looks at bars that no search used. A statistical test has to account for each of them.

A look is an evaluation of an agent, or a verdict. Each study's folder lists its own looks. They are counted by the data
over all studies of a results folder; the same look twice counts once.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from fxai.errors import FxaiError
from fxai.results.paths import TEST_LOOKS

_WHEN = ("created", "versions")  # what differs between two equal looks


def note_look(directory: Path, look: Mapping[str, JsonValue]) -> int:
    """Record a look in a folder of a results folder, before the bars are read.

    Args:
        directory: Folder of the study, in the results folder.
        look: What is looked at. `data_hash` names the data; equal looks are equal in all fields but time and versions.

    Returns:
        The number of looks at these data by all studies of the results folder, this one included.

    Raises:
        FxaiError: The file cannot be written.
    """
    path = directory / TEST_LOOKS
    known = set(_looks_at(directory.parent, look["data_hash"]))
    if _digest(look) in known:
        return len(known)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dict(look)) + "\n")
    except OSError as error:
        raise FxaiError(f"cannot write {path}: {error.strerror or error}") from error
    return len(known) + 1


def _looks_at(results_dir: Path, data_hash: JsonValue) -> Iterator[str]:
    """Digests of the recorded looks at these data."""
    for path in sorted(path for path in results_dir.glob(f"*/{TEST_LOOKS}") if path.is_file()):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                look: Any = json.loads(line)
            except ValueError:  # the last line of a run that was killed
                continue
            if isinstance(look, dict) and look.get("data_hash") == data_hash:
                yield _digest(look)


def _digest(look: Mapping[str, JsonValue]) -> str:
    kept = {name: value for name, value in look.items() if name not in _WHEN}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
