"""Which completed trials lead: the best by one objective, or those that no other beats in all of several."""

import bisect
from collections.abc import Sequence

from fxai.spec.search.metric_goals import Goal

Losses = tuple[float, ...]  # of a trial, a number for each objective; less is better


class Ranking:
    """Completed trials as they come in.

    Of several objectives the leaders are the Pareto front, in the order of the objective that prunes.
    """

    def __init__(self, goals: Sequence[Goal], first: str) -> None:
        """`first` is the metric by which one leader goes before another."""
        self._goals = goals
        self._first = [goal.metric for goal in goals].index(first)
        self._leaders: list[tuple[float, int, Losses]] = []  # loss in the first objective, number, all losses

    def add(self, number: int, values: Sequence[float]) -> None:
        """A completed trial with its values in the order of the objectives."""
        losses = tuple(goal.loss(value) for goal, value in zip(self._goals, values, strict=True))
        if len(self._goals) > 1:
            if any(dominates(other, losses) for _, _, other in self._leaders):
                return
            self._leaders = [each for each in self._leaders if not dominates(losses, each[2])]
        bisect.insort(self._leaders, (losses[self._first], number, losses))

    @property
    def best(self) -> tuple[int, float] | None:
        """The first leader's number and its value in the first objective."""
        if not self._leaders:
            return None
        loss, number, _ = self._leaders[0]
        return number, self._goals[self._first].loss(loss)  # twice the sign is none

    @property
    def front(self) -> tuple[int, ...] | None:
        """The trials of the Pareto front; None where there is one objective."""
        return tuple(number for _, number, _ in self._leaders) if len(self._goals) > 1 else None

    def best_numbers(self, count: int) -> tuple[int, ...]:
        """The best trials, the best first, the earlier first among equals; of several objectives the whole front."""
        return self.front or tuple(number for _, number, _ in self._leaders[:count])


def dominates(one: Losses, other: Losses) -> bool:
    """Whether it is nowhere worse and somewhere better."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
