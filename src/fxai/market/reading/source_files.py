"""The content of the files that a source names."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import DataError
from fxai.spec.fields.source_paths import SUFFIXES, files_hash, source_paths


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file and its bytes."""

    name: str  # in messages
    content: bytes


def source_files(path: Path, name: str) -> tuple[SourceFile, ...]:
    """The files of a source in the order of their names.

    Args:
        path: A file, a folder, or a path with a pattern.
        name: Name in messages of a single file.

    Raises:
        DataError: If a file cannot be read, or there is none.
    """
    try:
        paths = source_paths(path)
        if not paths and path.is_dir():
            raise DataError(f"{path} is a folder without files of bars, whose names end with {', '.join(SUFFIXES)}")
        if not paths:
            raise DataError(f"{path}: there is no such file")
        named = ((name if len(paths) == 1 else each.name, each) for each in paths)
        return tuple(SourceFile(shown, each.read_bytes()) for shown, each in named)
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror}") from error


def content_hash(files: Sequence[SourceFile]) -> str:
    """SHA-256 of the content of a source."""
    return files_hash([hashlib.sha256(file.content).hexdigest() for file in files])
