# ruff: noqa: ARG002 -- the methods have Optuna's signatures
"""Grid sampler that proposes each point once, and no point of an enqueued trial."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from fxai.search import attributes
from fxai.spec.search.parameters import Parameter, grid_values

Point = tuple[tuple[bool, Any], ...]


def same_point(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of parameters are equal; True and 1 differ."""
    return one == other and all(isinstance(one[name], bool) == isinstance(other[name], bool) for name in one)


class GridPointsSampler(BaseSampler):
    """Proposes the points of a grid in a random order given by the seed. One sampler object serves one trial.

    The order is that of Optuna's GridSampler, so that studies which it began resume. Optuna's sampler ignores enqueued
    trials: it proposes the point of a trial's number even if an enqueued trial had the same point.
    """

    def __init__(self, parameters: Sequence[Parameter], seed: int) -> None:
        ordered = sorted(parameters, key=lambda parameter: parameter.name)
        self._names = [parameter.name for parameter in ordered]
        self._points = list(product(*map(grid_values, ordered)))
        np.random.RandomState(seed).shuffle(self._points)  # type: ignore[arg-type]  # it takes lists
        self._proposed: dict[str, Any] = {}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        if not self._proposed:
            point = self._points[self._next_index(study, trial.number)]
            self._proposed = dict(zip(self._names, point, strict=True))
        return self._proposed[param_name]

    def _next_index(self, study: Study, number: int) -> int:
        """Index of the point with the trial's number, else of the first untried point, else 0."""
        tried = {
            _key([trial.params[name] for name in self._names])
            for trial in study.get_trials(deepcopy=False)
            if trial.number != number
            and trial.state is not TrialState.WAITING
            and not attributes.is_copy(trial.user_attrs)
            and trial.params.keys() >= set(self._names)
        }
        if number < len(self._points) and _key(self._points[number]) not in tried:
            return number
        untried = (index for index, point in enumerate(self._points) if _key(point) not in tried)
        return next(untried, 0)


def _key(values: Sequence[Any]) -> Point:
    return tuple((isinstance(value, bool), value) for value in values)
