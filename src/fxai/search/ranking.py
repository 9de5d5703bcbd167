"""Ranks completed trials by one objective, or by Pareto dominance."""

import bisect
from collections.abc import Sequence

from fxai.spec.search.metric_goals import Goal

Losses = tuple[float, ...]  # one number per objective; lower is better


class Ranking:
    """Ranking of completed trials, updated with each trial.

    With several objectives it has the Pareto front, in the order of the main objective.
    """

    def __init__(self, goals: Sequence[Goal], first: str) -> None:
        """`first` is the metric of the main objective."""
        self._goals = goals
        self._first = [goal.metric for goal in goals].index(first)
        self._leaders: list[tuple[float, int, Losses]] = []  # loss in the first objective, number, all losses

    def add(self, number: int, values: Sequence[float]) -> None:
        """Add a completed trial with its values in the order of the objectives."""
        losses = tuple(goal.loss(value) for goal, value in zip(self._goals, values, strict=True))
        if len(self._goals) > 1:
            if any(dominates(other, losses) for _, _, other in self._leaders):
                return
            self._leaders = [each for each in self._leaders if not dominates(losses, each[2])]
        bisect.insort(self._leaders, (losses[self._first], number, losses))

    @property
    def best(self) -> tuple[int, float] | None:
        """Number and main value of the best trial."""
        if not self._leaders:
            return None
        loss, number, _ = self._leaders[0]
        return number, self._goals[self._first].loss(loss)  # the loss of a loss is the value

    @property
    def front(self) -> tuple[int, ...] | None:
        """Trials of the Pareto front; None with one objective."""
        return tuple(number for _, number, _ in self._leaders) if len(self._goals) > 1 else None

    def best_numbers(self, count: int) -> tuple[int, ...]:
        """The best trials in order, the earlier first among equals; with several objectives the whole front."""
        return self.front or tuple(number for _, number, _ in self._leaders[:count])


def dominates(one: Losses, other: Losses) -> bool:
    """Whether `one` is nowhere worse and somewhere better."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
