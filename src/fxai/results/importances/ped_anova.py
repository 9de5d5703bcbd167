"""PED-ANOVA importances of parameters (Watanabe et al. 2023, arXiv 2304.10255), for many values of the same trials.

The importance of a parameter is the Pearson divergence between two densities on a grid of its values: that of the best
trials and that of all trials. The densities and the grid are those of Optuna's `PedAnovaImportanceEvaluator`, and so
are the results. The grid of each trial is computed once, which matters for tests by shuffled values. Optuna's module
also loads scikit-learn where it is installed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from fxai.errors import FxaiError

_STEPS = 50  # of a grid, at most
_FEWEST_OF_REGIME = 2
_PRIOR_WEIGHT = 1.0
_LEAST_DENSITY = 1e-12
_LEAST_SIGMA = 0.5 / 1.64  # 90 % of a kernel is in the step of its value


@dataclass(frozen=True, slots=True)
class _Regime:
    """The trials in which a parameter has one distribution. A conditional parameter is missing in other trials."""

    places: np.ndarray  # [trial] steps of the grid; -1 for a trial that is not of the regime
    size: int  # of the grid
    is_categorical: bool

    def density(self, places: np.ndarray) -> np.ndarray:
        """The density of some places, by step of the grid."""
        counts = np.bincount(places, minlength=self.size)
        found = categorical_density(counts) if self.is_categorical else numerical_density(counts)
        return found + _LEAST_DENSITY


class PedAnova:
    """The importances of the parameters of these trials, for values that need not be the trials' own."""

    def __init__(self, trials: Sequence[FrozenTrial], names: Sequence[str]) -> None:
        self._count = len(trials)
        self._regimes = {name: _regimes(trials, name) for name in names}

    def importances(self, losses: np.ndarray, best_share: float, rows: np.ndarray | None = None) -> dict[str, float]:
        """Importances, not normalized, the largest first.

        Args:
            losses: [trial] lower is better.
            best_share: Share of the trials that is compared with all.
            rows: Indices of the trials that count; None for all.
        """
        rows = np.arange(self._count) if rows is None else rows
        if len(rows) < 2:  # noqa: PLR2004 - one trial has no other to be compared with
            return dict.fromkeys(self._regimes, 0.0)
        counted = losses[rows]
        last = math.ceil(best_share * len(rows)) - 1
        is_best = counted <= np.partition(counted, last)[last]
        found = {
            name: sum(_importance(regime, regime.places[rows], is_best) for regime in regimes)
            for name, regimes in self._regimes.items()
        }
        return dict(sorted(found.items(), key=lambda pair: pair[1], reverse=True))


def _regimes(trials: Sequence[FrozenTrial], name: str) -> list[_Regime]:
    given = [trial.distributions.get(name) for trial in trials]
    kinds = [each for each in dict.fromkeys(given) if each is not None and not each.single()]
    regimes = []
    for kind in kinds:
        members = np.array([each == kind for each in given])
        values = [trial.params[name] for trial, member in zip(trials, members, strict=True) if member]
        own, size = _on_grid(kind, values)
        places = np.full(len(trials), -1)
        places[members] = own
        regimes.append(_Regime(places, size, isinstance(kind, CategoricalDistribution)))
    return regimes


def _on_grid(kind: BaseDistribution, values: Sequence[Any]) -> tuple[np.ndarray, int]:
    """The step of the grid of each value, and the size of the grid."""
    if isinstance(kind, CategoricalDistribution):
        return np.array([int(kind.to_internal_repr(value)) for value in values]), len(kind.choices)
    if not isinstance(kind, FloatDistribution | IntDistribution):
        raise FxaiError(f"a parameter has a distribution of an unknown kind: {kind}")
    size = _STEPS
    if isinstance(kind, IntDistribution) and kind.log:
        size = min(math.ceil(math.log2(kind.high - kind.low + 1)) + 1, size)
    elif kind.step is not None:
        size = min(round((kind.high - kind.low) / kind.step) + 1, size)
    low, high = (math.log(kind.low), math.log(kind.high)) if kind.log else (kind.low, kind.high)
    numbers = np.array(values, dtype=float)
    scaled = np.log(numbers) if kind.log else numbers
    places = np.ceil((scaled - low) / ((high - low) / (size - 1)) - 0.5).astype(int)
    return np.clip(places, 0, size - 1), size


def _importance(regime: _Regime, places: np.ndarray, is_best: np.ndarray) -> float:
    """The part of a parameter's importance that comes from the trials of one regime."""
    is_member = places >= 0
    members, best = places[is_member], places[is_member & is_best]
    if len(members) < _FEWEST_OF_REGIME or not len(best):
        return 0.0
    of_best, of_all = regime.density(best), regime.density(members)
    divergence = float(of_all @ (of_best / of_all - 1) ** 2)
    return (len(best) / len(places)) ** 2 / (len(members) / len(places)) * divergence


def categorical_density(counts: np.ndarray) -> np.ndarray:
    """The density of choices by how often each was taken: a mixture of a kernel for each taken choice and a prior."""
    taken = np.flatnonzero(counts)
    kernels = np.full((len(taken) + 1, len(counts)), _PRIOR_WEIGHT / (len(taken) + 1))
    kernels[np.arange(len(taken)), taken] += 1
    density: np.ndarray = _weights(counts[taken]) @ (kernels / kernels.sum(axis=1, keepdims=True))
    return density


def numerical_density(counts: np.ndarray) -> np.ndarray:
    """The density of steps by how often each was taken: normal kernels, cut at the ends of the grid, and a prior.

    The width of the kernels follows Scott's rule. The prior is as wide as the grid.
    """
    from scipy.special import ndtr  # noqa: PLC0415 - SciPy is slow to load, and a run computes importances at its end

    size, taken = len(counts), np.flatnonzero(counts)
    sigma = np.append(np.full(len(taken), _scott(taken, counts[taken])), size)[:, None]
    middle = np.append(taken, (size - 1) / 2)[:, None]
    edges = ndtr((np.arange(size + 1) - 0.5 - middle) / sigma)
    mass = np.diff(edges, axis=1) / (edges[:, -1:] - edges[:, :1])
    density: np.ndarray = _weights(counts[taken]) @ mass
    return density


def _weights(counts: np.ndarray) -> np.ndarray:
    weights: np.ndarray = np.append(counts, _PRIOR_WEIGHT)
    shares: np.ndarray = weights / weights.sum()
    return shares


def _scott(taken: np.ndarray, counts: np.ndarray) -> float:
    """The width of the kernels by Scott's rule, in steps of the grid."""
    running, count = np.cumsum(counts), counts.sum()
    mean = taken @ counts / count
    deviation = math.sqrt((taken - mean) ** 2 @ counts / max(1, count - 1))
    first = taken[np.searchsorted(running, count // 4, side="left")]
    third = taken[min(len(taken) - 1, np.searchsorted(running, count * 3 // 4, side="right"))]
    width = 1.059 * min((third - first) / 1.34, deviation) * float(count) ** -0.2
    return max(float(width), _LEAST_SIGMA)
