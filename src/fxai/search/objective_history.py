"""What trials of several objectives reported in all of them on their way, so that one can be held against the others.

Optuna keeps the reports of one objective, by which the pruner decides. The others are kept here: in memory while a
trial runs, and with it, under a system attribute, once it is complete.
"""

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from fxai.search import attributes
from fxai.search.ranking import Losses, dominates
from fxai.spec.search.metric_goals import Goal

StoredHistory = list[tuple[int, list[float]]]  # steps, which rise, and the values of the objectives


class ObjectiveHistory:
    """By step, the objectives of the trials that run and of those that are complete."""

    def __init__(self, goals: Sequence[Goal]) -> None:
        self._goals = goals
        self._running: dict[int, dict[int, Sequence[float]]] = {}
        self._complete: list[tuple[list[int], list[Losses]]] = []

    def note(self, number: int, step: int, values: Sequence[float]) -> None:
        """What a running trial reported, in the order of the objectives."""
        self._running.setdefault(number, {})[step] = values

    def close(self, number: int) -> StoredHistory:
        """What a trial reported that runs no more."""
        return [(step, list(values)) for step, values in sorted(self._running.pop(number, {}).items())]

    def add(self, trial: FrozenTrial) -> None:
        """A complete trial, with what is kept of its way."""
        written = _written(trial.system_attrs)
        if written:
            self._complete.append(([step for step, _ in written], [self._losses(values) for _, values in written]))

    def mostly_beaten(self, step: int, values: Sequence[float]) -> bool:
        """Whether three quarters of the complete trials that had got this far, and at least one, beat it there in all.

        That many were found to cost a front nothing, from the first report on (benchmarks/pareto.py); half do.
        """
        losses = self._losses(values)
        others = [there for each in self._complete if (there := _at(step, *each)) is not None]
        return bool(others) and 4 * sum(dominates(other, losses) for other in others) >= 3 * len(others)

    def _losses(self, values: Sequence[float]) -> Losses:
        return tuple(goal.loss(value) for goal, value in zip(self._goals, values, strict=True))


def _at(step: int, steps: Sequence[int], losses: Sequence[Losses]) -> Losses | None:
    """Where a trial stood at a step: its last report up to then."""
    place = bisect.bisect_right(steps, step)
    return losses[place - 1] if place else None


def _written(system_attrs: Mapping[str, Any]) -> StoredHistory:
    return [(int(step), values) for step, values in system_attrs.get(attributes.COURSE, ())]
