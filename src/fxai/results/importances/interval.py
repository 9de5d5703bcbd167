"""Importances with intervals and with the result of the permutation test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from optuna import Study
from pydantic import JsonValue

from fxai.results.importances.importance import ENOUGH_TRIALS, Shares, importances
from fxai.results.importances.importance_tests import importance_tests
from fxai.results.importances.ranked import count_pruned, ranked
from fxai.results.sampled_study import sampled
from fxai.search.study_views import first_objective_view

HALVES = 50
_INTERVAL = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class ParameterImportance:
    """Importance of one parameter; all shares add up to 1.

    The interval holds the share itself and 90 % of the shares of random halves of the trials. Halves vary as much as
    bootstrap samples of all trials. Unlike a bootstrap sample, a half has no trial twice, which the density estimate
    of PED-ANOVA would treat as a peak.
    """

    name: str
    share: float
    low: float | None = None  # None with too few trials
    high: float | None = None
    stands_out: bool | None = None  # more than chance; None if not tested, see `importance_tests.py`
    by_chance: float | None = None  # the share that shuffled values exceed in one case of twenty; None if not tested

    @property
    def excludes_chance(self) -> bool:
        """Whether the parameter stands out and its whole interval lies above the share by chance."""
        known = self.low is not None and self.by_chance is not None
        return known and bool(self.stands_out) and (self.low or 0.0) > (self.by_chance or 0.0)

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "share": self.share,
            "low": self.low,
            "high": self.high,
            "stands_out": self.stands_out,
            "by_chance": self.by_chance,
        }


@dataclass(frozen=True, slots=True)
class Importances:
    """Importances of all parameters, the most important first."""

    parameters: Sequence[ParameterImportance]
    completed: int  # completed trials that the importances are computed from
    pruned: int  # pruned trials that the importances are computed from

    @classmethod
    def of(cls, study: Study, *, seed: int = 0) -> "Importances":
        """Compute the importances for a study's first objective; without parameters if `importances` is empty."""
        whole = sampled(first_objective_view(study), ENOUGH_TRIALS)
        sample = ranked(whole)
        trials = sample.get_trials(deepcopy=False)
        pruned = count_pruned(trials, whole)
        shares = importances(study)
        if not shares:
            return cls((), len(trials) - pruned, pruned)
        halves = _of_halves(sample, seed)
        tested = importance_tests(study)
        total = sum(test.importance for test in tested.values())
        found = []
        for name, share in shares.items():
            low, high = np.quantile([half.get(name, 0.0) for half in halves], _INTERVAL) if halves else (None, None)
            found.append(
                ParameterImportance(
                    name,
                    share,
                    low=None if low is None else min(float(low), share),
                    high=None if high is None else max(float(high), share),
                    stands_out=tested[name].stands_out if name in tested else None,
                    by_chance=tested[name].by_chance / total if name in tested and total else None,
                )
            )
        return cls(tuple(found), len(trials) - pruned, pruned)


def _of_halves(sample: Study, seed: int) -> list[dict[str, float]]:
    chance, shares = np.random.default_rng(seed), Shares(sample)
    count = len(sample.get_trials(deepcopy=False))
    draws = [sorted(chance.choice(count, count // 2, replace=False)) for _ in range(HALVES)]
    return [found for half in draws if (found := shares.of_rows(half))]
