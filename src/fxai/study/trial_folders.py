"""What a study's trials leave on disk, and that only the best of those that have ended keep it."""

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from fxai.protocol import TrialPaths


class TrialFolders:
    """The folders of a study's trials."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of(self, number: int) -> TrialPaths:
        return TrialPaths.of(self._directory, number)

    def drop(self, numbers: Iterable[int]) -> None:
        """Delete what these trained, and what code of the user's own kept for them; logs stay."""
        for number in numbers:
            paths = self.of(number)
            _remove(paths.agent)
            shutil.rmtree(paths.checkpoint_dir, ignore_errors=True)

    def drop_checkpoint(self, number: int) -> None:
        _remove(self.of(number).checkpoint)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # one that stays, as the disk takes no writes, is only space
        path.unlink(missing_ok=True)
