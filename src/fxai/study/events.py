"""What a running study tells whoever watches: the events that `run_study` yields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fxai.pool import Activity
from fxai.protocol import Cause, JsonObject, ParamValue, Report, TrialResult
from fxai.search.counts import TrialCounts


@dataclass(frozen=True, slots=True)
class StudyProgress:
    """Where a study stands; it comes with every event that moves it."""

    total: int  # trials that the study shall reach
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    infeasible: int = 0  # proposals that were not trained, since they break a constraint; no part of the total
    best_trial: int | None = None
    best_value: float | None = None
    standard_error: float | None = None  # of the best value, where it is a mean over several seeds
    front: int | None = None  # of several objectives, how many trials no other beats in all

    @classmethod
    def of(cls, counts: TrialCounts, total: int) -> "StudyProgress":
        return cls(
            total=total,
            complete=counts.complete,
            pruned=counts.pruned,
            failed=counts.failed,
            infeasible=counts.infeasible,
            best_trial=counts.best_trial,
            best_value=counts.best_value,
            standard_error=counts.standard_error,
            front=None if counts.front is None else len(counts.front),
        )

    @property
    def finished(self) -> int:
        return self.complete + self.pruned + self.failed


@dataclass(frozen=True, slots=True)
class StudyOpened:
    """The study is there; with finished trials if it is resumed, `retried` those that a dead run left."""

    study: str
    direction: str
    metric: str
    workers: int
    progress: StudyProgress
    retried: tuple[int, ...] = ()
    trading: bool = False  # whether FxAI measures the metric


@dataclass(frozen=True, slots=True)
class TrialBegan:
    number: int
    attempt: int
    params: Mapping[str, ParamValue]
    goes_on: bool = False  # it was set aside while its population came to be compared
    config: JsonObject | None = None  # what it trains with; None if its parameters make no configuration


@dataclass(frozen=True, slots=True)
class TrialProgressed:
    report: Report
    pruned: bool
    together: int = 1  # reports of its moment, all stored before the first was decided; their events follow each other


@dataclass(frozen=True, slots=True)
class TrialFinished:
    """A trial reached its final state; `best` says that it leads now."""

    result: TrialResult
    params: Mapping[str, ParamValue]
    progress: StudyProgress
    best: bool


@dataclass(frozen=True, slots=True)
class TrialRequeued:
    """A worker was lost under a trial, or the run is ending: the trial will be run again."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class TrialExploited:
    """A population's member goes on from the weights that another has at this step, under these parameters."""

    number: int
    donor: int
    step: int
    params: Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class TrialSetAside:
    """A population's member is with no worker until it goes on."""

    number: int


@dataclass(frozen=True, slots=True)
class WorkerReplaced:
    worker: int
    cause: Cause
    message: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing new for a moment; what the workers are doing."""

    activity: Sequence[Activity]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user should know and that needs no action."""

    message: str
    warns: bool = False  # about files of the user; `--quiet` prints such a notice too


class Ending(StrEnum):
    """Why a run is over."""

    REACHED = "reached"  # the total
    EXHAUSTED = "exhausted"  # the search space: every point was tried, or none is found that keeps the constraints
    TIMEOUT = "timeout"
    PATIENCE = "patience"  # a stop rule, as the next two
    VALUE = "value"
    ENV_STEPS = "env_steps"
    INTERRUPTED = "interrupted"
    FAILING = "failing"  # trial after trial, with one message or from the study's first on


@dataclass(frozen=True, slots=True)
class StudyEnded:
    """The run is over; `reason` in words where it ended before its total."""

    study: str
    progress: StudyProgress
    seconds: float
    reason: str | None = None
    best_params: Mapping[str, ParamValue] | None = None
    ending: Ending = Ending.REACHED
    finished_before: int = 0  # trials that were finished when the run began


StudyEvent: TypeAlias = (
    StudyOpened
    | TrialBegan
    | TrialProgressed
    | TrialFinished
    | TrialRequeued
    | TrialExploited
    | TrialSetAside
    | WorkerReplaced
    | Heartbeat
    | Notice
    | StudyEnded
)
