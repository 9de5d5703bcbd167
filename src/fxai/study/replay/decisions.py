"""The decisions of a study's loop in their order, as a file with a line of JSON for each decision."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from fxai.errors import InputError
from fxai.protocol import TrialState
from fxai.protocol.wire import to_line
from fxai.spec.search.fingerprint import Fingerprint, fingerprint
from fxai.spec.search.study import StudySpec


@dataclass(frozen=True, slots=True)
class StudyOpenedEntry:
    """A run of the study begins. `retried` are the unfinished trials of the last run, which begin again."""

    study: str  # the name from which Hyperband draws; in a replay, the name of the recorded study
    made_of: dict[str, Any]  # `basis_of` the study; the stored key keeps its spelling
    retried: tuple[int, ...] = ()
    what: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True)
class TrialBegunEntry:
    """A trial was asked or is run again."""

    number: int
    what: Literal["began"] = "began"


@dataclass(frozen=True, slots=True)
class ReportJudgedEntry:
    """A report and the decision on it."""

    number: int
    step: int
    value: float
    pruned: bool


@dataclass(frozen=True, slots=True)
class ReportsDecidedEntry:
    """Reports that were stored together and then decided in this order."""

    reports: tuple[ReportJudgedEntry, ...]
    what: Literal["decided"] = "decided"


@dataclass(frozen=True, slots=True)
class ResultToldEntry:
    """A trial reached its final state."""

    number: int
    state: TrialState
    value: float | None = None
    what: Literal["told"] = "told"


@dataclass(frozen=True, slots=True)
class TrialRequeuedEntry:
    """A trial will be run again."""

    number: int
    what: Literal["requeued"] = "requeued"


Entry: TypeAlias = StudyOpenedEntry | TrialBegunEntry | ReportsDecidedEntry | ResultToldEntry | TrialRequeuedEntry
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="what")])


def basis_of(study: StudySpec) -> Fingerprint:
    """The part of a spec that decides proposals and prunings. Two runs with equal parts can repeat each other."""
    return {
        **fingerprint(study),
        "seed": study.seed,
        "sampler": study.sampler.model_dump(mode="json"),
        "pruner": study.pruner.model_dump(mode="json"),
        "enqueue": [dict(each) for each in study.enqueue],
    }


def entry_line(entry: Entry) -> bytes:
    return to_line(entry)


def read_decisions(path: Path) -> Sequence[Entry]:
    """The decisions in a file. An incomplete last line is ignored.

    Raises:
        InputError: the file cannot be read or has other content.
    """
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"the decisions cannot be read: {error}") from None
    entries: list[Entry] = []
    for line_number, line in enumerate(lines, start=1):
        try:
            entries.append(_ENTRY.validate_python(json.loads(line)))
        except (ValueError, ValidationError):
            message = f"{path}:{line_number}: is not a decision of a study; give the decisions.jsonl of a study"
            raise InputError(message) from None
    if not entries or not isinstance(entries[0], StudyOpenedEntry):
        raise InputError(f"{path}: has no decisions of a study; give the decisions.jsonl of a study")
    return entries
