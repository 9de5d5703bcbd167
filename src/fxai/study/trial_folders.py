"""Trial folders of a study. The agents of finished trials are deleted except the best `keep_best_n`."""

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
        """Delete the agents of these trials and the checkpoint folders of the user's code. Logs stay."""
        for number in numbers:
            paths = self.of(number)
            _remove(paths.agent)
            shutil.rmtree(paths.checkpoint_dir, ignore_errors=True)

    def drop_checkpoint(self, number: int) -> None:
        _remove(self.of(number).checkpoint)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # a file that stays only takes space
        path.unlink(missing_ok=True)
