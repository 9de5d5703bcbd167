"""The content of a training engine and of the files that its configurations name, stored beside the engine."""

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
    """Digests of what a study with a training engine is made of.

    `engine` is of its code and attributes, `files` of each file whose path is a value of `configs`, `derived` of each
    function that derives a value, by the value's name.
    """
    files: dict[str, Any] = {path: _file_digest(Path(path)) for path in sorted(set(_files(configs)))}
    derived: dict[str, Any] = {name: content_digest(function) for name, function in functions.items()}
    further = {"files": files, "derived": derived}
    return {"engine": content_digest(engine), **{key: each for key, each in further.items() if each}}


def writer_with_content(
    engine: object, functions: Mapping[str, Function], places: Places, content: JsonObject
) -> Callable[[Path], None]:
    """Pickle the engine with functions that derive values; what is returned writes them and their content.

    `places` are the paths of all values of the search space, by name.
    """
    sent = DerivingEngine(cast("Engine", engine), functions, places) if functions else engine
    write_engine = engine_writer(sent, type(engine).__name__)

    def write(folder: Path) -> None:
        write_engine(folder)
        write_text(folder / _FILE, json.dumps(content, indent=1))

    return write


def stored_content(folder: Path) -> JsonObject:
    """The content of the engine in a folder; empty where nobody can say.

    An earlier release stored the engine without its content, and no files. Its engine is loaded, as the workers do.
    """
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        engine = stored_engine(folder)
        return {} if engine is None else {"engine": content_digest(engine)}
    return found if isinstance(found, dict) else {}


def _files(value: Any) -> Iterator[str]:
    """The values that are paths of files."""
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
    except (OSError, ValueError):  # no path can be so long, or hold a zero byte
        return False


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
