"""What a study and its tracker say to each other, a line of JSON each.

The parent begins with `TrackerWelcome` and sends a `StudyMessage` for each thing that happens; the tracker answers with
how far it has come, and with what its user should know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fxai.protocol import JsonObject, ParamValue, Report


@dataclass(frozen=True, slots=True)
class TrackerWelcome:
    """The first line to a new tracker."""

    tracker: str  # "wandb" or "mlflow"
    settings: JsonObject  # its section of the spec
    directory: Path  # the study's folder


@dataclass(frozen=True, slots=True)
class StudyBeganMessage:
    study: str
    direction: str
    metric: str
    resumed: bool


NO_STUDY_YET = StudyBeganMessage("", "", "", resumed=False)
"""What a tracker knows of its study before the first message."""


@dataclass(frozen=True, slots=True)
class TrialBeganMessage:
    number: int
    attempt: int
    seed: int
    params: Mapping[str, ParamValue]
    at: float  # seconds of the clock `time.time`
    training_config: JsonObject | None = None  # complete; None where the parameters make none


@dataclass(frozen=True, slots=True)
class TrialEndedMessage:
    number: int
    state: str  # complete, pruned, fail or requeued
    value: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    cause: str | None = None  # of a failure
    message: str | None = None


@dataclass(frozen=True, slots=True)
class StudyEndedMessage:
    best_trial: int | None
    best_value: float | None
    best_params: Mapping[str, ParamValue]
    ending: str


@dataclass(frozen=True, slots=True)
class StudyMessage:
    """A line of the parent after the first: one of these."""

    study_began: StudyBeganMessage | None = None
    trial_began: TrialBeganMessage | None = None
    report: Report | None = None
    trial_ended: TrialEndedMessage | None = None
    study_ended: StudyEndedMessage | None = None


@dataclass(frozen=True, slots=True)
class TrackerMessage:
    """A line of the tracker."""

    worked_in: int  # lines of the parent so far
    recorded: int  # trials that are at their end there, as the parent has told it
    notice: str | None = None  # for the user
    failure: str | None = None  # why it ends
