"""What a study's trials leave on disk, and that only the best of those that have ended keep it."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from fxai.trial import TrialPaths


class TrialFiles:
    """The folders of a study's trials."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of(self, number: int) -> TrialPaths:
        return TrialPaths.of(self._directory, number)

    def drop(self, numbers: Iterable[int]) -> None:
        """Delete what these trained, and what code of the user's own kept for them; logs stay."""
        for number in numbers:
            paths = self.of(number)
            paths.agent.unlink(missing_ok=True)
            shutil.rmtree(paths.checkpoint_dir, ignore_errors=True)
