"""Writes the files that arrive in parts. Each file appears whole: a file that is not complete has another name."""

import base64
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from fxai.atomic_write import replacing
from fxai.errors import FxaiError
from fxai.pool.remote.messages import FilePart


class FileReceiver:
    """The files of which a part has arrived, by trial and path."""

    def __init__(self) -> None:
        self._partial: dict[tuple[int | None, str], tuple[ExitStack, BinaryIO]] = {}

    def receive(self, part: FilePart, folder: Path) -> str:
        """Write a part of a file in the folder; the last part gives the file its name.

        Returns:
            Why the file cannot be written, or an empty text.
        """
        key = (part.trial, part.path)
        if not is_inside(part.path):
            return f"a file has no usable name: {part.path}"
        try:
            if part.offset == 0:
                self._abandon(key)
                stack = ExitStack()
                self._partial[key] = (stack, stack.enter_context(replacing(folder / part.path, durable=False)))
            if key in self._partial:
                stack, file = self._partial[key]
                file.write(base64.b64decode(part.data, validate=True))
                if part.last:
                    del self._partial[key]
                    stack.close()
        except (OSError, ValueError, FxaiError) as error:
            self._abandon(key)
            return str(error) if isinstance(error, FxaiError) else f"cannot write {folder / part.path}: {error}"
        return ""

    def forget(self, trial: int | None = None) -> None:
        """Remove the incomplete files of a trial; without a trial, all incomplete files."""
        for key in [key for key in self._partial if trial is None or key[0] == trial]:
            self._abandon(key)

    def _abandon(self, key: tuple[int | None, str]) -> None:
        if key in self._partial:
            stack, _ = self._partial.pop(key)
            error = FxaiError("the file is incomplete")
            stack.__exit__(type(error), error, None)


def is_inside(path: str) -> bool:
    """Whether a relative path stays inside its folder."""
    pure = PurePosixPath(path)
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts and "\0" not in path
