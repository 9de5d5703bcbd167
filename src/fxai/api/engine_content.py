"""Content digests of a training engine and of the files that its configurations name, stored with the engine."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from fxai.api.content_digest import content_digest
from fxai.atomic_write import write_text
from fxai.objectives.derived_values import DerivingEngine, Function, Places
from fxai.objectives.engine import Engine, engine_writer, stored_engine
from fxai.protocol import JsonObject

_FILE = "content.json"


def engine_content(engine: object, configs: Any, functions: Mapping[str, Function]) -> JsonObject:
    """Digests of a training engine.

    Args:
        engine: The engine.
        configs: Configurations; each value that is the path of a file counts by the file's content.
        functions: Functions that derive values, by the value's name.

    Returns:
        `engine`, a digest of the engine's code and attributes; `files` and `derived`, digests by path and by name.
    """
    files: dict[str, Any] = {path: _file_digest(Path(path)) for path in sorted(set(_files(configs)))}
    derived: dict[str, Any] = {name: content_digest(function) for name, function in functions.items()}
    further = {"files": files, "derived": derived}
    return {"engine": content_digest(engine), **{key: each for key, each in further.items() if each}}


def writer_with_content(
    engine: object, functions: Mapping[str, Function], places: Places, content: JsonObject
) -> Callable[[Path], None]:
    """Pickle the engine together with functions that derive values.

    Args:
        engine: The engine.
        functions: Functions that derive values, by the value's name.
        places: Paths of all values of the search space, by name.
        content: The digests of `engine_content`.

    Returns:
        A function that writes the engine and the digests to a folder.
    """
    sent = DerivingEngine(cast("Engine", engine), functions, places) if functions else engine
    write_engine = engine_writer(sent, type(engine).__name__)

    def write(folder: Path) -> None:
        write_engine(folder)
        write_text(folder / _FILE, json.dumps(content, indent=1))

    return write


def stored_content(folder: Path) -> JsonObject:
    """The content digests of the engine in a folder; empty if they are not known.

    An earlier release stored the engine without digests. Its engine is loaded and digested.
    """
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        engine = stored_engine(folder)
        return {} if engine is None else {"engine": content_digest(engine)}
    return found if isinstance(found, dict) else {}


def _files(value: Any) -> Iterator[str]:
    """The values that are paths of existing files."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, str | Path):
        if _is_file(value):
            yield str(value)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _files(each)


def _is_file(text: str | Path) -> bool:
    try:
        return bool(str(text)) and Path(text).is_file()
    except (OSError, ValueError):  # the text is too long for a path, or has a zero byte
        return False


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
