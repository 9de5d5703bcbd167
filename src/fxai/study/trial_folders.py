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
        self._ended: set[int] = set()  # trials whose checkpoints are to be deleted
        self._unneeded: set[int] = set()  # trials whose agents are to be deleted

    def of(self, number: int) -> TrialPaths:
        return TrialPaths.of(self._directory, number)

    def mark_ended(self, number: int, unneeded: Iterable[int]) -> None:
        """Note a trial that has ended, and the trials whose agents are not needed after its end."""
        self._ended.add(number)
        self._unneeded.update(unneeded)

    def drop_marked(self) -> None:
        """Delete the files that are not needed any more, once the ends of the trials are in the database.

        These are the checkpoints of ended trials, and of unneeded trials the agents and the checkpoint folders of the
        user's code. Logs stay.
        """
        for number in self._ended:
            _remove(self.of(number).checkpoint)
        for number in self._unneeded:
            paths = self.of(number)
            _remove(paths.agent)
            shutil.rmtree(paths.checkpoint_dir, ignore_errors=True)
        self._ended.clear()
        self._unneeded.clear()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # a file that stays only takes space
        path.unlink(missing_ok=True)
