"""Reports of all objectives of running and complete trials, for comparisons of multi-objective trials.

Optuna stores the reports of one objective, which the pruner uses. The others are kept in memory while a trial runs, and
stored in a system attribute when it is complete.
"""

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from fxai.search import attributes
from fxai.search.ranking import Losses, dominates
from fxai.spec.search.metric_goals import Goal

StoredHistory = list[tuple[int, list[float]]]  # increasing steps with the values of all objectives


class ObjectiveHistory:
    """Values of all objectives by step, of running and complete trials."""

    def __init__(self, goals: Sequence[Goal]) -> None:
        self._goals = goals
        self._running: dict[int, dict[int, Sequence[float]]] = {}
        self._complete: list[tuple[list[int], list[Losses]]] = []

    def add_report(self, number: int, step: int, values: Sequence[float]) -> None:
        """Add a report of a running trial, with values in the order of the objectives."""
        self._running.setdefault(number, {})[step] = values

    def pop(self, number: int) -> StoredHistory:
        """Remove a trial that no longer runs, and return its reports."""
        return [(step, list(values)) for step, values in sorted(self._running.pop(number, {}).items())]

    def add(self, trial: FrozenTrial) -> None:
        """Add a complete trial with its stored reports."""
        history = _stored_history(trial.system_attrs)
        if history:
            self._complete.append(([step for step, _ in history], [self._losses(values) for _, values in history]))

    def is_mostly_dominated(self, step: int, values: Sequence[float]) -> bool:
        """Whether at least three quarters of the complete trials at this step, and at least one, dominate the trial.

        Complete trials that did not reach the step are not compared. In benchmarks/pareto.py, three quarters cost the
        front nothing; half did.
        """
        losses = self._losses(values)
        others = [there for each in self._complete if (there := _at(step, *each)) is not None]
        return bool(others) and 4 * sum(dominates(other, losses) for other in others) >= 3 * len(others)

    def _losses(self, values: Sequence[float]) -> Losses:
        return tuple(goal.loss(value) for goal, value in zip(self._goals, values, strict=True))


def _at(step: int, steps: Sequence[int], losses: Sequence[Losses]) -> Losses | None:
    """Losses of a trial at its last report up to a step."""
    place = bisect.bisect_right(steps, step)
    return losses[place - 1] if place else None


def _stored_history(system_attrs: Mapping[str, Any]) -> StoredHistory:
    return [(int(step), values) for step, values in system_attrs.get(attributes.OBJECTIVE_HISTORY, ())]
