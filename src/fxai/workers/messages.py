"""What parent and worker say to each other, a line of JSON each.

The parent begins with `Welcome`, the worker answers with a ready line. Then, trial after trial: the
parent sends a `TrialRequest`, the worker a started line, a report line after each evaluation, each
answered by an `Answer`, and a result line.
"""

from dataclasses import dataclass

from fxai.trial import Decision, Report, Slot, TrialResult


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first line to a new worker."""

    slot: Slot
    sys_path: tuple[str, ...]  # the parent's, so that the worker finds the same modules
    preload: tuple[str, ...]  # objectives to import before the first trial


@dataclass(frozen=True, slots=True)
class Answer:
    decision: Decision


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """A line of a worker: ready or, without report and result while it has a trial, started."""

    pid: int
    report: Report | None = None
    result: TrialResult | None = None
    resident_bytes: int = 0  # memory of the worker, told with the result
    fit: bool = True  # False: the trial left the process in a state that no other trial should meet
