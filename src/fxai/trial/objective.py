"""The contract of an objective: what one trial does."""

from collections.abc import Generator
from typing import Protocol

from fxai.trial.records import Outcome, Report, Slot, TrialRequest


class Objective(Protocol):
    """A generator function that trains one trial.

    It yields a `Report` after each evaluation and returns an `Outcome`. Before a yield its state is
    saved at `TrialPaths(request.directory).checkpoint`, so that it may be closed at any yield (pruned,
    stopped, killed) and go on from there when it is started again with the same request; started again
    it first repeats the reports that the checkpoint holds. What it trained lies at `TrialPaths.agent`
    when it returns. It raises whatever it likes: the worker makes a `TrialError` of it.
    """

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]: ...
