"""GGUF files converted to model folders, once for each content, in the user's cache folder.

A converted folder loads in a fraction of a second; reading a GGUF file takes many seconds. transformers cannot quantize
a model to 4 bit that it has read from a GGUF file.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from fxai.errors import FxaiError
from fxai.user_folders import cache_directory

_FORMAT = 1  # raise if the conversion changes
_MAGIC = b"GGUF"


def is_gguf(path: Path) -> bool:
    """Whether the file begins as GGUF files do.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def converted_folder(file: Path, convert: Callable[[Path, Path], None]) -> Path:
    """The model folder of a GGUF file. The first call converts the file; other processes wait for it.

    Args:
        file: The GGUF file.
        convert: Reads the file, its first argument, and writes the folder, its second argument, which exists.

    Raises:
        FxaiError: The cache folder cannot be written.
    """
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    folder = cache_directory() / "models" / f"{digest[:32]}-{_FORMAT}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f"{folder.name}.lock")):
            if not folder.is_dir():
                _convert_whole(file, folder, convert)
    except OSError as error:
        raise FxaiError(f"cannot write the model of {file} to {folder}: {error.strerror or error}") from error
    return folder


def _convert_whole(file: Path, folder: Path, convert: Callable[[Path, Path], None]) -> None:
    """Convert into a temporary folder, which is renamed when it is complete."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        convert(file, temporary)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
