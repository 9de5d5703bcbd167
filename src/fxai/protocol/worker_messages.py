"""What parent and worker say to each other, a line of JSON each.

The parent begins with `WorkerWelcome`; the worker opens its lanes and answers with a ready line, or
with the failure to import the objective. From then on
either speaks when it has something to say: the parent gives trials and answers reports, the worker tells
which trials it has started and what came of each step of its lanes. Every line of the worker tells how
many lanes it can hold.
"""

from dataclasses import dataclass

from fxai.protocol import Decision, LanePlan, Report, Slot, TrialError, TrialRequest, TrialResult


@dataclass(frozen=True, slots=True)
class WorkerWelcome:
    """The first line to a new worker."""

    slot: Slot
    sys_path: tuple[str, ...]  # the parent's, so that the worker finds the same modules
    plan: LanePlan | None  # None: each trial names its objective and is trained alone


@dataclass(frozen=True, slots=True)
class DecisionMessage:
    """To a report; PRUNE and STOP end the trial in any case."""

    number: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class ParentMessage:
    """A line of the parent after the first: one of the two."""

    request: TrialRequest | None = None
    answer: DecisionMessage | None = None


@dataclass(frozen=True, slots=True)
class WorkerMessage:
    """A line of a worker; the first one says that it is ready, or why the objective cannot be imported."""

    pid: int
    width: int
    started: tuple[int, ...] = ()  # numbers of trials
    reports: tuple[Report, ...] = ()
    results: tuple[TrialResult, ...] = ()
    resident_bytes: int = 0  # memory of the worker, told with reports and results
    fit: bool = True  # False: something is left in the process that no other trial should meet
    failure: TrialError | None = None  # the lanes raised; the worker ends, with all its trials
