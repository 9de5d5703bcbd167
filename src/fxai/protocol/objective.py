"""The contracts of an objective: what one trial does, or many side by side."""

from collections.abc import Generator, Sequence
from typing import Protocol

from fxai.protocol.records import Decision, JsonObject, LanePlan, Outcome, Report, Slot, TrialRequest, TrialResult


class Objective(Protocol):
    """A generator function that trains one trial.

    It yields a `Report` after each evaluation and returns an `Outcome`. Before a yield its state is
    saved at `TrialPaths(request.directory).checkpoint`, so that it may be closed at any yield (pruned,
    stopped, killed) and go on from there when it is started again with the same request; started again
    it first repeats the reports that the checkpoint holds. What it trained lies at `TrialPaths.agent`
    when it returns. It raises whatever it likes: the worker makes a `TrialError` of it.
    """

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]: ...


class Lanes(Protocol):
    """Trials that one worker trains side by side, a lane for each of their seeds.

    A trial goes on while its report waits for a decision, up to its next report or its end: a decision
    may come late, and a trial that is pruned or stopped is gone at the next boundary between updates.
    Each trial fails alone; what `advance` raises is nobody's in particular, and the worker's end.
    Checkpoints, repeated reports and agents are as for an `Objective`.
    """

    @property
    def width(self) -> int:
        """Lanes that may be trained at once, at least one trial's; less after the device ran out of memory."""
        ...

    @property
    def busy(self) -> bool:
        """Whether `advance` has something to do before the next decision or trial comes."""
        ...

    def admit(self, request: TrialRequest) -> None:
        """Take a trial; it joins at the next boundary."""
        ...

    def decide(self, number: int, decision: Decision) -> None:
        """Answer a report of that trial; one that is not here any more is ignored.

        PRUNE and STOP end it: the next `advance` returns its result, PRUNED or RETURNED.
        """
        ...

    def advance(self) -> Sequence[Report | TrialResult]:
        """Train one update of one pack; what came of it, reports of one evaluation together."""
        ...


class LaneObjective(Protocol):
    """An objective whose trials share packs: a module of these two functions. `signature` loads no torch."""

    def signature(self, config: JsonObject) -> str:
        """What trials must agree in to share a pack; `config` is a trial's, valid and complete."""
        ...

    def open_lanes(self, plan: LanePlan, slot: Slot) -> Lanes:
        """Lanes for a study on this slot."""
        ...
