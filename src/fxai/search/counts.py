"""Numbers of trials of a study."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrialCounts:
    """Number of trials in each state, and the best trial."""

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0
    infeasible: int = 0  # proposals that violate a constraint; not trained and not in the total
    best_trial: int | None = None
    best_value: float | None = None
    standard_error: float | None = None  # of the best value, if it is known
    front: tuple[int, ...] | None = None  # with several objectives: the Pareto front

    @property
    def begun(self) -> int:
        """Number of trials that were given to a worker in any run."""
        return self.finished + self.running

    @property
    def finished(self) -> int:
        return self.complete + self.pruned + self.failed
