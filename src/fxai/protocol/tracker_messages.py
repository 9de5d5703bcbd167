"""Messages between the study's process and a tracker process, one line of JSON each.

The parent sends a `TrackerWelcome`, then a `StudyMessage` for each event. The tracker answers with its progress and
with messages for the user.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fxai.protocol import JsonObject, ParamValue, Report


@dataclass(frozen=True, slots=True)
class TrackerWelcome:
    """The first message to a tracker."""

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
"""Placeholder until the first message of a study."""


@dataclass(frozen=True, slots=True)
class TrialBeganMessage:
    number: int
    attempt: int
    seed: int
    params: Mapping[str, ParamValue]
    at: float  # seconds of `time.time`
    training_config: JsonObject | None = None  # complete; None if the parameters give no configuration


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
    """A later message to a tracker; exactly one field is set."""

    study_began: StudyBeganMessage | None = None
    trial_began: TrialBeganMessage | None = None
    report: Report | None = None
    trial_ended: TrialEndedMessage | None = None
    study_ended: StudyEndedMessage | None = None


@dataclass(frozen=True, slots=True)
class TrackerMessage:
    """A message of the tracker."""

    processed: int  # number of messages processed so far
    recorded: int  # number of ended trials that are recorded completely
    notice: str | None = None  # message for the user
    failure: str | None = None  # why the tracker ends
