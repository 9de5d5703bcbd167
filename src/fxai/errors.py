"""FxAI's exceptions.

Each has a message that tells the user what to do, and the exit code of the command. The command line catches
`FxaiError` in one place. Any other exception is a bug and keeps its traceback.
"""

from dataclasses import dataclass


class FxaiError(Exception):
    """Base class. Its message explains the error to the user."""

    exit_code = 1


class InputError(FxaiError):
    """The user's input is wrong: a spec, a data file, an option, the name of a study."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a spec: its place, and what to write instead."""

    message: str
    key: str = ""  # dotted, e.g. "studies[0].parameters[2].low"
    line: int | None = None  # counted from 1


class SpecError(InputError):
    """A spec with mistakes.

    Attributes:
        source: The spec's file, or "command line".
        problems: All mistakes, in the order of their lines.
    """

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        self.source = source
        self.problems = problems
        super().__init__("\n".join(self._line_of(problem) for problem in problems))

    def _line_of(self, problem: Problem) -> str:
        place = self.source if problem.line is None else f"{self.source}:{problem.line}"
        return f"{place}: {problem.key}: {problem.message}" if problem.key else f"{place}: {problem.message}"


class DataError(InputError):
    """Market data that cannot be read, or are not enough."""


class StudyNotFoundError(InputError):
    """The storage has no study of this name. The message lists its studies."""


class FingerprintError(InputError):
    """The spec does not match the stored study of the same name."""


class StorageError(InputError):
    """The study database cannot be opened, or the file is not a study database."""


class StudyHeldError(FxaiError):
    """Another run holds the study."""

    exit_code = 3


class LeaseLostError(StudyHeldError):
    """Another run with `--join` has taken the study over."""


class RepeatedFailureError(FxaiError):
    """Too many trials in a row failed with the same message."""
