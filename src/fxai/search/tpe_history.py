"""The trials of a study as TPE sees them, updated with each proposal instead of read anew.

A finished trial does not change any more, so each proposal looks only at trials that are new or were unfinished at the
last proposal. Parameters are kept as columns of numbers, one row for each trial.
"""

import bisect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

Space: TypeAlias = dict[str, BaseDistribution]
Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]
ParamsOf: TypeAlias = Callable[[FrozenTrial], Mapping[str, Any]]
_Score: TypeAlias = tuple[float, ...]

_LEARNT = (TrialState.COMPLETE, TrialState.PRUNED)


class SpaceRows:
    """Parameters of trials in Optuna's internal representation: a row for each trial that has all of them."""

    def __init__(self, space: Space) -> None:
        self.space = dict(space)
        self.values: Numbers = np.empty((64, len(space)))  # [place, parameter]
        self.known = np.zeros(64, dtype=bool)  # [place]: whether the trial has all parameters
        self._made_of: list[
            tuple[object, bool] | None
        ] = []  # by place: the parameters, and whether the trial is finished

    def update(self, trials: Sequence[FrozenTrial], places: Iterable[int], params_of: ParamsOf) -> None:
        """Make the rows of trials that are new, have ended, or have other parameters."""
        while len(trials) > len(self.known):
            self.values = np.concatenate([self.values, np.empty_like(self.values)])
            self.known = np.concatenate([self.known, np.zeros_like(self.known)])
        self._made_of.extend([None] * (len(trials) - len(self._made_of)))
        for place in places:
            trial, before = trials[place], self._made_of[place]
            if before is not None and before[0] is trial.params and before[1] == trial.state.is_finished():
                continue
            self._made_of[place] = (trial.params, trial.state.is_finished())
            params = params_of(trial)
            self.known[place] = self.space.keys() <= params.keys()
            if self.known[place]:
                self.values[place] = [each.to_internal_repr(params[name]) for name, each in self.space.items()]


@dataclass(slots=True)
class TpeHistory:
    """The trials of one study with one objective, for TPE."""

    direction: StudyDirection
    common_space: Space | None = None  # parameters that all learnt trials have with equal ranges; None before the first
    _trials: Sequence[FrozenTrial] = ()  # all trials by number, as of the last update
    _unfinished: list[int] = field(default_factory=list)  # places, ascending
    _looked_at: int = 0  # trials before this place are unfinished or known
    _complete: list[tuple[_Score, int]] = field(default_factory=list)  # the best first, then by place
    _pruned: list[tuple[_Score, int]] = field(default_factory=list)
    _infeasible: list[tuple[_Score, int]] = field(default_factory=list)
    _failed: list[int] = field(default_factory=list)  # places of failed trials
    _spaces: dict[tuple[str, ...], SpaceRows] = field(default_factory=dict)

    def update(self, trials: Sequence[FrozenTrial], params_of: ParamsOf) -> None:
        """Note the trials that have begun or ended since the last update; `trials` are all trials by number."""
        self._trials = trials
        open_places = [*self._unfinished, *range(self._looked_at, len(trials))]
        self._unfinished, self._looked_at = [], len(trials)
        for place in open_places:
            trial = trials[place]
            if not trial.state.is_finished():
                self._unfinished.append(place)
            elif trial.state in _LEARNT:
                self._learn(place, trial)
            else:
                self._failed.append(place)
        for rows in self._spaces.values():
            rows.update(trials, open_places, params_of)

    def _learn(self, place: int, trial: FrozenTrial) -> None:
        if (violation := sum(amount for amount in trial.constraints.values() if amount > 0)) > 0:
            bisect.insort(self._infeasible, ((violation,), place))
        elif trial.state is TrialState.COMPLETE:
            bisect.insort(self._complete, ((self._loss(trial.values[0]),), place))
        else:
            bisect.insort(self._pruned, (self._pruned_score(trial), place))
        if self.common_space is None:
            self.common_space = dict(trial.distributions)
        others = trial.distributions
        differing = [name for name, each in self.common_space.items() if not _is_same(others.get(name), each)]
        for name in differing:
            del self.common_space[name]

    def split(self, count_below: Callable[[int], int], *, without: int, running: bool) -> tuple[Places, Places]:
        """The places of the better trials and of the others, both ascending, as Optuna splits them.

        Args:
            count_below: Number of better trials by the number of learnt trials.
            without: Number of the trial that is proposed.
            running: Whether running trials are among the others.
        """
        ranked = (self._complete, self._pruned, self._infeasible)
        left = count_below(sum(map(len, ranked)))
        below: list[int] = []
        for group in ranked:
            below += [place for _, place in group[: max(left, 0)]]
            left = max(0, left - len(group))
        chosen = np.ones(len(self._trials), dtype=bool)
        chosen[below] = chosen[self._failed] = False
        for place in self._unfinished:
            trial = self._trials[place]
            chosen[place] = running and trial.state is TrialState.RUNNING and trial.number != without
        return np.sort(np.asarray(below, dtype=np.intp)), np.flatnonzero(chosen)

    def rows(self, space: Space, params_of: ParamsOf) -> SpaceRows:
        """The rows of a space; made anew if the parameters had other ranges before."""
        names = tuple(space)
        rows = self._spaces.get(names)
        if rows is None or rows.space != space:
            rows = self._spaces[names] = SpaceRows(space)
            rows.update(self._trials, range(len(self._trials)), params_of)
        return rows

    def _loss(self, value: float) -> float:
        return value if self.direction is StudyDirection.MINIMIZE else -value

    def _pruned_score(self, trial: FrozenTrial) -> _Score:
        """The later step first, at equal steps the better report first."""
        if not trial.intermediate_values:
            return 1, 0.0
        step, value = max(trial.intermediate_values.items())
        return -step, math.inf if math.isnan(value) else self._loss(value)


def _is_same(one: BaseDistribution | None, other: BaseDistribution) -> bool:
    return one is other or one == other
