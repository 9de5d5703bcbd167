"""Trainings on fresh seeds that have ended, in a file of the study's folder. A later run takes them up."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import JsonValue

from fxai.atomic_write import write_text
from fxai.protocol import StudyIdentity

FORMAT = "fxai fresh trainings 1"

TrainingKey: TypeAlias = tuple[int, int]
"""The number of a trial and a seed."""


@dataclass(frozen=True, slots=True)
class FreshTrainings:
    """The value of each training that has ended; NaN if it failed."""

    identity: StudyIdentity
    values: Mapping[TrainingKey, float] = field(default_factory=dict)

    def with_value(self, trial: int, seed: int, value: float) -> "FreshTrainings":
        """The trainings after one more has ended."""
        return replace(self, values={**self.values, (trial, seed): value})

    def write(self, path: Path) -> None:
        """Write or replace the file.

        Raises:
            FxaiError: The file cannot be written.
        """
        trainings: list[JsonValue] = [
            {"trial": trial, "seed": seed, "value": value if math.isfinite(value) else None}
            for (trial, seed), value in self.values.items()
        ]
        identity: dict[str, JsonValue] = {"key": self.identity.key, "fingerprint": self.identity.fingerprint}
        write_text(path, json.dumps({"format": FORMAT, **identity, "trainings": trainings}, indent=1) + "\n")


def read_fresh_trainings(path: Path, identity: StudyIdentity) -> FreshTrainings:
    """The trainings of a file; none if the file is missing, damaged, or of another study."""
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        written = document["format"], document["key"], document["fingerprint"]
        if written != (FORMAT, identity.key, identity.fingerprint):
            return FreshTrainings(identity)
        values = {
            (each["trial"], each["seed"]): math.nan if each["value"] is None else float(each["value"])
            for each in document["trainings"]
        }
    except (OSError, ValueError, KeyError, TypeError):
        return FreshTrainings(identity)
    return FreshTrainings(identity, values)
