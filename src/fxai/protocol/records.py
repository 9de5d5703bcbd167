"""A trial on its way: request, reports, decisions, result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from pydantic import JsonValue

ParamValue: TypeAlias = bool | int | float | str | None
JsonObject: TypeAlias = Mapping[str, JsonValue]

NOTHING_DERIVED: JsonObject = MappingProxyType({})

StoredReports: TypeAlias = tuple[tuple[int, float], ...]
"""Step and value of the reports that a study holds of a trial from an earlier run."""

STANDARD_ERROR = "standard_error"
"""The metric that says how far a trial's value, a mean over seeds, may be from that of all seeds."""

MOST_STEP = 2**63 - 1
"""The greatest step of a report that any database holds, SQLite."""

RESERVED = "fxai:"
"""How the names begin under which a study keeps facts of FxAI's own; no metric is named so."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a population's member goes on from: another trial's checkpoint, kept while that one goes on too."""

    donor: int
    step: int  # at which it was written, and after which the member's own reports begin
    checkpoint: Path


@dataclass(frozen=True, slots=True)
class StudyIdentity:
    """Which study a trial is of; studies of one name and one spec in two databases differ in `key`."""

    key: str = ""  # drawn when the study began; empty outside a study
    fingerprint: str = ""  # digest of the study's fingerprint


NO_STUDY = StudyIdentity()


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """One training that a worker shall do.

    `config` is complete, the trial's parameters in their places; `base_config` is the study's
    configuration without them, from which the fixed environment comes that scores every trial.
    """

    study: str
    number: int
    attempt: int  # 0 at first, one more after each worker that was lost under it
    objective: str
    params: Mapping[str, ParamValue]
    config: JsonObject
    base_config: JsonObject
    seeds: tuple[int, ...]  # one lane each; the trial's value is their mean
    metric: str
    directory: Path  # the trial's own folder: log, checkpoint, agent
    score: str = ""  # the formula of the metric `score`, where there is one
    objectives: tuple[str, ...] = ()  # all metrics that the study optimises, in the order of its values
    command: tuple[str, ...] = ()  # of the objective `command`: program and arguments, placeholders and all
    argument_style: JsonObject = field(default_factory=dict)  # where the command's differs from --name=value
    folder: str = ""  # where the user's own code is looked for and runs; empty where FxAI was started
    signature: str = ""  # trials of one signature may share a pack
    cohort: int = 0  # trials of different cohorts never share a worker: one of them may have killed the last
    inherited: Inherited | None = None  # where it begins while it has no checkpoint of its own
    study_identity: StudyIdentity = NO_STUDY
    stored_reports: StoredReports | None = ()  # None: no run has begun the trial, so its folder holds nothing of it
    first_seed: int | None = None  # of the trial, where this is one run of several seeds; None: `seed`
    most_step: int = MOST_STEP  # the greatest step of a report that the study's database holds

    @property
    def seed(self) -> int:
        """Of the first lane, and of an objective that trains only one."""
        return self.seeds[0]


@dataclass(frozen=True, slots=True)
class LanePlan:
    """What a study's workers will train, told to them before its first trial."""

    objective: str
    base_config: JsonObject  # of the study; what a pack's best width is measured on
    seeds_per_trial: int = 1
    lanes: int | None = None  # per worker; None: as many as pay, by measurement
    trials: int | None = None  # at most in flight, on all workers together; None: not known
    folder: str = ""  # where the user's own code is looked for


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation of a running trial. A resumed trial repeats those that its checkpoint holds."""

    number: int
    step: int  # update number, rising
    value: float  # the study's metric
    metrics: Mapping[str, float] = field(default_factory=dict)
    env_steps: int = 0  # of the environment that were trained on so far, from the trial's beginning; 0: not counted
    flaw: str = ""  # what is wrong with it, where anything is: a clause for a warning
    passed_over: bool = False  # neither stored nor judged, as its step or value cannot be kept; it is answered
    derived: JsonObject = field(default_factory=dict)  # by name, what functions of the user made of the parameters


class Decision(StrEnum):
    """What the parent answers to a report."""

    CONTINUE = "continue"
    PRUNE = "prune"
    STOP = "stop"  # save and give the trial back: the run is ending


class TrialState(StrEnum):
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAIL = "fail"
    RETURNED = "returned"  # unfinished, at its last checkpoint; to be run again


class Cause(StrEnum):
    """Why a trial failed."""

    EXCEPTION = "exception"
    NOT_FINITE = "not finite"
    TIME_LIMIT = "time limit"
    NO_PROGRESS = "no progress"
    OUT_OF_MEMORY = "out of memory"
    WORKER_LOST = "worker lost"


@dataclass(frozen=True, slots=True)
class TrialError:
    cause: Cause
    message: str  # one line, for people
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an objective returns when its trial ran to the end."""

    value: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    flaw: str = ""  # what is wrong with its metrics, where anything is
    derived: JsonObject = field(default_factory=dict)  # as of a report


@dataclass(frozen=True, slots=True)
class Usage:
    """What a trial took of the machine; what nobody measured is None, and 0 of environment steps."""

    env_steps: int = 0  # that were trained on, of all its seeds and runs
    steps_per_second: float | None = None  # in its last run
    peak_memory_mb: float | None = None  # of the worker's process in RAM while it was there, neighbours included
    peak_gpu_memory_mb: float | None = None  # so of torch's tensors on the worker's GPU


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What became of a trial, whoever found out."""

    number: int
    state: TrialState
    seconds: float
    value: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: TrialError | None = None
    usage: Usage = field(default_factory=Usage)
    flaw: str = ""  # what is wrong with its metrics, where anything is
    derived: JsonObject = field(default_factory=dict)  # as of a report


@dataclass(frozen=True, slots=True)
class Slot:
    """The share of the machine that one worker has."""

    index: int
    device: str = "cpu"  # "cpu" or "cuda:N", N as this worker sees it
    threads: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)  # set before the worker starts
