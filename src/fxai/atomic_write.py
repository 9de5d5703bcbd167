"""Files that are there whole or not at all: written beside their place, synced to disk, then renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fxai.errors import FxaiError


def write_text(path: Path, text: str) -> None:
    """Make `text`, in UTF-8, the content of the file."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Make `data` the content of the file.

    A file that is not durable survives the end of its writer, but a power cut may leave it damaged: for
    what is written often, read with a check, and can be made again.
    """
    with _replacing(path, durable=durable) as file:
        file.write(data)


def copy(source: Path, path: Path) -> None:
    """Make `path` a copy of `source`."""
    with _replacing(path) as file, source.open("rb") as original:
        shutil.copyfileobj(original, file)


@contextmanager
def _replacing(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once the block ends; if it raises, `path` is as it was."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                yield file
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            draft.replace(path)
            if durable:
                _sync_directory(path.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise FxaiError(f"cannot write {path}: {error.strerror or error}") from error


def _sync_directory(directory: Path) -> None:
    """Without it a power cut may undo the rename."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
