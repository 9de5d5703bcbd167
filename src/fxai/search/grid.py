# ruff: noqa: ARG002 -- the methods have Optuna's signatures
"""A sampler that walks a grid and tries no point twice, not even one that was enqueued."""

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
    """Whether two sets of parameters are one point; true is no 1."""
    return one == other and all(isinstance(one[name], bool) == isinstance(other[name], bool) for name in one)


class EachPointOnce(BaseSampler):
    """The points of a grid in an order that the seed draws; one sampler for one trial.

    The order is that of Optuna's GridSampler, so that studies which it began resume. Optuna's sampler ignores
    enqueued trials: it proposes the point of a trial's number even if an enqueued trial had the same point.
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
            point = self._points[self._place(study, trial.number)]
            self._proposed = dict(zip(self._names, point, strict=True))
        return self._proposed[param_name]

    def _place(self, study: Study, number: int) -> int:
        """Of the point with the trial's number, or of the first that is left; of any once all were tried."""
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
        left = (place for place, point in enumerate(self._points) if _key(point) not in tried)
        return next(left, 0)


def _key(values: Sequence[Any]) -> Point:
    return tuple((isinstance(value, bool), value) for value in values)
