"""Writes a file atomically: to a temporary file in the same folder, which is synced to disk and then renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fxai.errors import FxaiError


def write_text(path: Path, text: str) -> None:
    """Write `text` to the file, in UTF-8.

    Raises:
        FxaiError: the file cannot be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write `data` to the file.

    Args:
        path: the file.
        data: its content.
        durable: sync the file to disk. Without this the file survives the end of this process, but a power cut may
            damage it. False suits a file that is written often, checked when it is read, and can be made again.

    Raises:
        FxaiError: the file cannot be written.
    """
    with replacing(path, durable=durable) as file:
        file.write(data)


def copy(source: Path, path: Path) -> None:
    """Copy the file `source` to `path`.

    Raises:
        FxaiError: the file cannot be read or written.
    """
    with replacing(path) as file, source.open("rb") as original:
        shutil.copyfileobj(original, file)


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A temporary file that is renamed to `path` when the block ends. If the block raises, `path` is unchanged."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            temporary.replace(path)
            if durable:
                _sync_directory(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise FxaiError(f"cannot write {path}: {error.strerror or error}") from error


def _sync_directory(directory: Path) -> None:
    """Sync a folder to disk, so that a power cut does not undo a rename in it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
