"""A folder of arrays, written row by row and mapped into memory.

The index names the arrays with their hashes, and has a hash of its own. A folder whose content differs from its index
in one bit is not read. Files are not synced to disk, because a folder can always be made again.
"""

import hashlib
import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from pydantic import JsonValue

from fxai.market.rules.compiled import Array

_INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class ArrayFolder:
    """Arrays and facts of a folder."""

    arrays: Mapping[str, Array]  # mapped; a write to one changes no file and no other process
    facts: JsonValue


@dataclass(slots=True)
class _Written:
    """An array in the course of writing."""

    file: BinaryIO
    dtype: np.dtype[Any]
    row_shape: tuple[int, ...]
    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class ArrayWriter:
    """Writes arrays into a new folder. Only a folder that is `finish`ed can be read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._arrays: dict[str, _Written] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for written in self._arrays.values():
            written.file.close()

    def append(self, name: str, rows: Array) -> None:
        """Appends rows [row, ...] to an array.

        Raises:
            OSError: The disk is full.
        """
        rows = np.ascontiguousarray(rows)
        if name not in self._arrays:
            file = (self._folder / name).open("wb")
            self._arrays[name] = _Written(file, rows.dtype, rows.shape[1:])
        written = self._arrays[name]
        if (rows.dtype, rows.shape[1:]) != (written.dtype, written.row_shape):
            raise ValueError(
                f"{name} has rows of {written.dtype} {written.row_shape}, not {rows.dtype} {rows.shape[1:]}"
            )
        content = rows.reshape(-1).view(np.uint8).data
        written.file.write(content)
        written.digest.update(content)
        written.rows += len(rows)

    def finish(self, facts: JsonValue) -> None:
        """Writes the index."""
        arrays = {}
        for name, written in self._arrays.items():
            written.file.flush()
            shape = [written.rows, *written.row_shape]
            arrays[name] = {"dtype": written.dtype.str, "shape": shape, "sha256": written.digest.hexdigest()}
        body = json.dumps({"arrays": arrays, "facts": facts})
        (self._folder / _INDEX).write_text(f"{body}\n{_hash_of(body)}")


def map_arrays(folder: Path) -> ArrayFolder | None:
    """Maps the arrays of a folder; None if the folder is missing or damaged."""
    try:
        body, _, digest = (folder / _INDEX).read_text().rpartition("\n")
        if digest != _hash_of(body):
            return None
        index = json.loads(body)
        arrays = {name: _mapped(folder / name, **described) for name, described in index["arrays"].items()}
    except (OSError, ValueError):
        return None
    return ArrayFolder(arrays, index["facts"])


def _mapped(path: Path, dtype: str, shape: list[int], sha256: str) -> Array:
    """Maps a file. Raises `ValueError` if its content has another hash."""
    kind = np.dtype(dtype)
    size = kind.itemsize * int(np.prod(shape))
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ValueError(f"{path} is damaged")
        if size == 0:
            return np.empty(shape, kind)
        # Private pages are writable, as the loops and torch expect; they are shared until they are written.
        pages = mmap.mmap(file.fileno(), size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    return np.frombuffer(pages, kind).reshape(shape)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
