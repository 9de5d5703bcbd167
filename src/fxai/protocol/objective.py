"""The contracts of objectives: one trial at a time, or several in lanes."""

from collections.abc import Generator, Sequence
from typing import Protocol

from fxai.protocol.records import Decision, JsonObject, LanePlan, Outcome, Report, Slot, TrialRequest, TrialResult


class Objective(Protocol):
    """A generator function that trains one trial.

    It yields a `Report` after each evaluation and returns an `Outcome`. Before each yield it saves its state to
    `TrialPaths(request.directory).checkpoint`, because it may be closed at any yield (pruned, stopped, killed). Called
    again with the same request, it first repeats the reports in the checkpoint, then continues. When it returns, the
    trained agent is at `TrialPaths.agent`. Any exception becomes a `TrialError`.
    """

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]: ...


class Lanes(Protocol):
    """Trials that one worker trains side by side, one lane per seed.

    A trial continues while its report waits for a decision, until its next report or its end. A pruned or stopped trial
    is removed at the next boundary between updates. An error of one trial fails this trial only; an exception of
    `advance` ends the worker. Checkpoints, repeated reports and agents are as for an `Objective`.
    """

    @property
    def width(self) -> int:
        """Maximum number of lanes, at least those of one trial; lower after the device ran out of memory."""
        ...

    @property
    def busy(self) -> bool:
        """Whether `advance` has work before the next decision or trial."""
        ...

    def admit(self, request: TrialRequest) -> None:
        """Add a trial at the next boundary."""
        ...

    def decide(self, number: int, decision: Decision) -> None:
        """Answer a report of the trial; ignored if the trial has ended.

        PRUNE and STOP end the trial: the next `advance` returns its result, PRUNED or RETURNED.
        """
        ...

    def advance(self) -> Sequence[Report | TrialResult]:
        """Train one update of one pack. Returns its reports and results, all reports of an evaluation together."""
        ...


class LaneObjective(Protocol):
    """An objective whose trials share packs: a module with these two functions. `signature` does not import torch."""

    def signature(self, config: JsonObject) -> str:
        """Hash of the fields in which the trials of a pack agree; `config` is complete and valid."""
        ...

    def open_lanes(self, plan: LanePlan, slot: Slot) -> Lanes:
        """Lanes for a study on this slot."""
        ...
