"""The events of a running study, which `run_study` yields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fxai.pool import Activity
from fxai.protocol import Cause, JsonObject, ParamValue, Report, TrialResult
from fxai.search.counts import TrialCounts


@dataclass(frozen=True, slots=True)
class StudyProgress:
    """Counts and best value of a study. Every event that changes them carries the new ones."""

    total: int  # finished trials at which the study is done: its `n_trials`
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    infeasible: int = 0  # proposals that were not trained, since they violate a constraint; not part of the total
    best_trial: int | None = None
    best_value: float | None = None
    standard_error: float | None = None  # of the best value, if it is known
    front: int | None = None  # number of trials on the Pareto front, if the study has several objectives

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
    """The study is open. A resumed study has finished trials; `retried` are the unfinished ones of its last run."""

    study: str
    direction: str
    metric: str
    workers: int
    progress: StudyProgress
    retried: tuple[int, ...] = ()
    trading: bool = False  # whether FxAI measures the metric


@dataclass(frozen=True, slots=True)
class TrialBegan:
    """A trial is given to a worker."""

    number: int
    attempt: int
    params: Mapping[str, ParamValue]
    is_continued: bool = False  # whether it continues after it was set aside until its population was compared
    config: JsonObject | None = None  # what it trains with; None if its parameters make no valid configuration


@dataclass(frozen=True, slots=True)
class TrialProgressed:
    """A trial's report was stored and decided."""

    report: Report
    pruned: bool
    together: int = 1  # reports stored before the first of them was decided; the events of all of them are consecutive


@dataclass(frozen=True, slots=True)
class TrialFinished:
    """A trial reached its final state. `best` is true if it is the best trial now."""

    result: TrialResult
    params: Mapping[str, ParamValue]
    progress: StudyProgress
    best: bool


@dataclass(frozen=True, slots=True)
class TrialRequeued:
    """A trial will be run again, since its worker was lost or returned it, or since the run ends."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class TrialExploited:
    """A member of a population continues from the weights of the member `donor` at `step`, with new parameters."""

    number: int
    donor: int
    step: int
    params: Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class TrialSetAside:
    """A member of a population has no worker until its population has been compared."""

    number: int


@dataclass(frozen=True, slots=True)
class WorkerReplaced:
    """A worker was lost. A new one starts in its place, unless its host was lost."""

    worker: int
    cause: Cause
    message: str
    host: str = ""  # the host, if all its workers were lost with it


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The activity of the workers. It follows each batch of events, and comes twice a second without events."""

    activity: Sequence[Activity]


@dataclass(frozen=True, slots=True)
class FreshTrainingsProgressed:
    """The trainings on fresh seeds after a search have progressed: those of a confirmation or of a verdict."""

    purpose: str  # Confirmation or Verdict
    done: float  # trainings that have ended, and the shares of those that run
    total: int  # most trainings; a confirmation may end with fewer

    @property
    def share(self) -> float:
        """Done share, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to the user that needs no action."""

    message: str
    warns: bool = False  # about files of the user; `--quiet` prints such a notice too


class Ending(StrEnum):
    """Why a run ended."""

    REACHED = "reached"  # `n_trials` trials are finished
    EXHAUSTED = (
        "exhausted"  # every point of the search space was tried, or no point is found that meets the constraints
    )
    TIMEOUT = "timeout"
    PATIENCE = "patience"  # a stop rule, as the next two
    VALUE = "value"
    ENV_STEPS = "env_steps"
    INTERRUPTED = "interrupted"
    FAILING = "failing"  # too many trials in a row failed, with the same message or since the study's first trial


@dataclass(frozen=True, slots=True)
class StudyEnded:
    """The run has ended. `reason` is a text if it ended before `n_trials` trials were finished."""

    study: str
    progress: StudyProgress
    seconds: float
    reason: str | None = None
    best_params: Mapping[str, ParamValue] | None = None
    ending: Ending = Ending.REACHED
    finished_before: int = 0  # trials that were finished when the run began
    trained_again: bool = False  # whether the run trained trials again on fresh seeds

    @property
    def is_stopped(self) -> bool:
        """Whether the run was stopped. The winner of such a run is neither confirmed nor judged."""
        return self.ending in {Ending.INTERRUPTED, Ending.FAILING}


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
    | FreshTrainingsProgressed
    | Notice
    | StudyEnded
)
