"""Records of a trial: request, reports, decisions, result."""

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
"""Step and value of a trial's reports from earlier runs, as stored in the study."""

STANDARD_ERROR = "standard_error"
"""Name of the metric for the standard error of a trial's value. For FxAI's agents it holds two errors: that of the
seeds, and that of the stretch of market on which the agents were scored. Custom code has the error of its seeds."""

SEED_ERROR = "standard_error_seeds"
"""Name of the metric for the part of the standard error that comes from the seeds; of FxAI's agents alone."""

MARKET_ERROR = "standard_error_market"
"""Name of the metric for the part of the standard error that comes from the stretch of market."""

MOST_STEP = 2**63 - 1
"""The greatest step of a report that a database can store; that of SQLite."""

RESERVED = "fxai:"
"""Prefix of the attributes with FxAI's data; not allowed in names of metrics."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """Another trial's checkpoint, from which a member of a population continues."""

    donor: int
    step: int  # step of the checkpoint; the trial's own reports have higher steps
    checkpoint: Path


@dataclass(frozen=True, slots=True)
class StudyIdentity:
    """Identity of a trial's study; studies of the same name and spec in two databases differ in `key`."""

    key: str = ""  # random, stored when the study begins; empty outside a study
    fingerprint: str = ""  # digest of the study's fingerprint


NO_STUDY = StudyIdentity()


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """A trial for a worker to train.

    `config` is complete, with the trial's parameters. `base_config` is the study's configuration without them; its
    environment scores every trial.
    """

    study: str
    number: int
    attempt: int  # number of earlier runs of the trial that were lost
    objective: str
    params: Mapping[str, ParamValue]
    config: JsonObject
    base_config: JsonObject
    seeds: tuple[int, ...]  # one per lane: those of each fold; the trial's value is the mean over them
    metric: str
    directory: Path  # folder of the trial: log, checkpoint, agent
    score: str = ""  # formula of the metric `score`, if any
    objectives: tuple[str, ...] = ()  # all metrics that the study optimizes, in the order of its values
    command: tuple[str, ...] = ()  # of the objective `command`: program and arguments with placeholders
    argument_style: JsonObject = field(default_factory=dict)  # style of the command's arguments, if not --name=value
    folder: str = ""  # folder of custom code, also its working directory; empty: where FxAI was started
    signature: str = ""  # trials of the same signature may share a pack
    cohort: int = 0  # trials of different cohorts never share a worker: one may have crashed it
    inherited: Inherited | None = None  # start of a trial without its own checkpoint
    study_identity: StudyIdentity = NO_STUDY
    stored_reports: StoredReports | None = ()  # None: no run has begun the trial, so its folder has no files of it
    first_seed: int | None = None  # first seed of the trial if this request is for one of several seeds; None: `seed`
    folds: int = 1  # number of trainings with different bars for each seed
    most_step: int = MOST_STEP  # the greatest step of a report that the study's database can store
    train_returns: bool = False  # whether agents in folds also leave their returns on the bars of their training

    @property
    def seed(self) -> int:
        """Seed of the first lane, and of an objective that trains one seed."""
        return self.seeds[0]


@dataclass(frozen=True, slots=True)
class LanePlan:
    """Properties of the trials that a worker will train, sent before the first trial."""

    objective: str
    base_config: JsonObject  # configuration of the study, used to measure the best width of a pack
    seeds_per_trial: int = 1  # number of a request's seeds, those of all folds
    lanes: int | None = None  # per worker; None: the fastest width is measured
    trials: int | None = None  # maximum number of running trials on all workers; None: unknown
    folder: str = ""  # folder of custom code


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation of a running trial. A resumed trial repeats the reports in its checkpoint."""

    number: int
    step: int  # number of updates; must rise
    value: float  # the study's metric
    metrics: Mapping[str, float] = field(default_factory=dict)
    env_steps: int = 0  # environment steps since the start of the trial; 0: not counted
    flaw: str = ""  # description of a problem, for a warning; empty: no problem
    passed_over: bool = False  # invalid step or value: answered, but neither stored nor passed to the pruner
    derived: JsonObject = field(default_factory=dict)  # values of `tune.sample_from` functions, by name


class Decision(StrEnum):
    """The parent's answer to a report."""

    CONTINUE = "continue"
    PRUNE = "prune"
    STOP = "stop"  # the run is ending: save the trial and return it


class TrialState(StrEnum):
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAIL = "fail"
    RETURNED = "returned"  # unfinished, at its last checkpoint; will be run again


class Cause(StrEnum):
    """Cause of a trial's failure."""

    EXCEPTION = "exception"
    NOT_FINITE = "not finite"
    TIME_LIMIT = "time limit"
    NO_PROGRESS = "no progress"
    OUT_OF_MEMORY = "out of memory"
    WORKER_LOST = "worker lost"


@dataclass(frozen=True, slots=True)
class TrialError:
    cause: Cause
    message: str  # one line
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of an objective whose trial is complete."""

    value: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    flaw: str = ""  # what is wrong with its metrics, where anything is
    derived: JsonObject = field(default_factory=dict)  # as of a report


@dataclass(frozen=True, slots=True)
class Usage:
    """Resource usage of a trial; None, or 0 environment steps, if it was not measured."""

    env_steps: int = 0  # environment steps of training, of all seeds and runs
    steps_per_second: float | None = None  # in the last run
    peak_memory_mb: float | None = None  # of the worker process in RAM, including its other trials
    peak_gpu_memory_mb: float | None = None  # of torch's tensors on the worker's GPU, likewise


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Result of a trial, from the worker or from the parent."""

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
    """The share of the machine of one worker."""

    index: int
    device: str = "cpu"  # "cpu" or "cuda:N", with N as the worker sees it
    threads: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)  # set before the worker starts
