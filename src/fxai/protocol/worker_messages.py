"""The messages between parent and worker, a line of JSON each.

The parent begins with `WorkerStart`. `WorkerWelcome` follows, at once or when the study is open; until then the worker
imports what trials of the objective need. The worker opens its lanes and answers with a first message, which also holds
the failure to import the objective, if any. Then the parent sends trials and decisions. The worker sends which trials
it has started, and the reports and results of each step of its lanes. Each message of the worker holds how many lanes
it has.
"""

from dataclasses import dataclass

from fxai.protocol import Decision, LanePlan, Report, Slot, TrialError, TrialRequest, TrialResult


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """The first message to a worker."""

    slot: Slot
    objective: str  # of its trials; empty if it is not known


@dataclass(frozen=True, slots=True)
class WorkerWelcome:
    """The second message to a worker."""

    sys_path: tuple[str, ...]  # the parent's, so that the worker finds the same modules
    plan: LanePlan | None  # None: each trial names its objective and is trained alone


@dataclass(frozen=True, slots=True)
class DecisionMessage:
    """The answer to a report; PRUNE and STOP end the trial in any case."""

    number: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class ParentMessage:
    """A later message of the parent; exactly one field is set."""

    request: TrialRequest | None = None
    answer: DecisionMessage | None = None


@dataclass(frozen=True, slots=True)
class WorkerMessage:
    """A message of a worker: the first one, trials that it has started, or reports and results of one step."""

    pid: int
    width: int
    started: tuple[int, ...] = ()  # numbers of trials
    reports: tuple[Report, ...] = ()
    results: tuple[TrialResult, ...] = ()
    resident_bytes: int = 0  # memory of the worker, sent with reports and results
    fit: bool = True  # False: the process should run no further trial (memory or CUDA error)
    failure: TrialError | None = None  # exception of the lanes; the worker ends with all its trials

    @property
    def empty(self) -> bool:
        """Whether a step of the lanes has nothing to send."""
        return self.fit and self.failure is None and not (self.started or self.reports or self.results)
