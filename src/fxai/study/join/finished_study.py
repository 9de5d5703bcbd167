"""How the owner of a joined study finished it, for the runs that lent it their workers."""

import hashlib
import socket
from dataclasses import dataclass
from pathlib import Path

from fxai.evaluation.verdict_word import word_text
from fxai.protocol.wire import from_line, to_line
from fxai.results.paths import StudyPaths
from fxai.study.write_results import RunStatus, StudyOutcome


@dataclass(frozen=True, slots=True)
class FinishedStudy:
    """The end of a study, as the owner's row of the lease holds it."""

    status: RunStatus
    verdict: str | None  # VerdictWord of the owner's run, if it had a verdict
    host: str  # machine with the study's files
    folder: str  # of the study's files on that machine
    digest: str | None  # of the results file; None if it could not be written
    verdict_weakened: bool = False  # whether the model may have read what came next; see `word_text`

    @classmethod
    def of(cls, outcome: StudyOutcome, paths: StudyPaths) -> "FinishedStudy":
        judged, folder = outcome.judged, str(paths.directory.absolute())
        word = None if judged is None else str(judged.verdict.word)
        weakened = judged is not None and judged.knowledge is not None
        return cls(outcome.status, word, socket.gethostname(), folder, _digest(paths.results), weakened)

    @property
    def verdict_text(self) -> str | None:
        """The verdict for people."""
        return None if self.verdict is None else word_text(self.verdict, weakened=self.verdict_weakened)

    @classmethod
    def read(cls, text: str) -> "FinishedStudy":
        """Inverse of `text`. Raises `ValueError` for another text."""
        return from_line(cls, text.encode())

    @property
    def text(self) -> str:
        """One line of JSON."""
        return to_line(self).decode().strip()

    def is_in(self, paths: StudyPaths) -> bool:
        """Whether the study's files are in this folder, because the machines share it."""
        return self.digest is not None and self.digest == _digest(paths.results)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
