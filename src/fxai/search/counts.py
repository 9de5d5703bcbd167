"""A study in numbers of trials."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrialCounts:
    """How many trials a study has in each state, and which of them leads."""

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0
    infeasible: int = 0  # proposals that were not trained, since they break a constraint; no part of the total
    best_trial: int | None = None
    best_value: float | None = None
    standard_error: float | None = None  # of the best value, where it is a mean over several seeds
    front: tuple[int, ...] | None = None  # of several objectives, the trials that no other beats in all

    @property
    def begun(self) -> int:
        """Trials that were given to a worker, by whichever run."""
        return self.finished + self.running

    @property
    def finished(self) -> int:
        return self.complete + self.pruned + self.failed
