"""The errors that FxAI raises on purpose: one base, and the kinds that a user can cause.

Each carries a message that a user can act upon and the exit code of the command it ends. The command
line catches `FxaiError` at one edge; everything else is a bug and keeps its traceback.
"""

from dataclasses import dataclass


class FxaiError(Exception):
    """Something that FxAI can explain in one message."""

    exit_code = 1


class InputError(FxaiError):
    """What the user gave is wrong: a spec, a data file, a flag, the name of a study."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a spec file: where it is and what to write instead."""

    message: str
    key: str = ""  # dotted, e.g. "studies[0].parameters[2].low"
    line: int | None = None  # counted from 1


class SpecError(InputError):
    """A spec file with all its faults at once, in the order of its lines."""

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        self.source = source
        self.problems = problems
        super().__init__("\n".join(self._line_of(problem) for problem in problems))

    def _line_of(self, problem: Problem) -> str:
        place = self.source if problem.line is None else f"{self.source}:{problem.line}"
        return f"{place}: {problem.key}: {problem.message}" if problem.key else f"{place}: {problem.message}"


class DataError(InputError):
    """Market data that cannot be read or do not suffice."""


class StudyNotFoundError(InputError):
    """A study that the storage does not hold; the message lists those that it does."""


class FingerprintError(InputError):
    """The spec no longer describes the study that the storage holds under its name."""


class StorageError(InputError):
    """A study database that cannot be opened, or is not one."""


class StudyHeldError(FxaiError):
    """Another run holds the study."""

    exit_code = 3


class RepeatedFailureError(FxaiError):
    """Trial after trial failed with the same message: going on would waste the machine."""
