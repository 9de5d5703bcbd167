"""Importance of each parameter for a study's metric."""

from collections.abc import Sequence

import numpy as np
from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from fxai.results.importances.ped_anova import PedAnova
from fxai.results.importances.ranked import ranked
from fxai.results.sampled_study import sampled
from fxai.search.study_views import first_objective_view

FEWEST_COMPLETED = 2
FEWEST_RANKED = 20  # completed or pruned; the best tenth of half of them is one trial
_BEST_SHARE = 0.1  # share of the trials that PED-ANOVA compares with all
ENOUGH_TRIALS = 1000  # more trials take PED-ANOVA long and change little


def importances(study: Study) -> dict[str, float]:
    """PED-ANOVA importances (Watanabe et al. 2023, arXiv 2304.10255): shares that add up to 1, the largest first.

    Pruned trials count as worse than completed ones (`ranked.py`). With several objectives, the importances are for
    the first. The result is empty if `no_importances` gives a reason, and then no text is about importance.
    """
    shown = first_objective_view(study)
    if len(shown.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < FEWEST_COMPLETED:
        return {}
    sample = ranked(sampled(shown, ENOUGH_TRIALS))
    return {} if len(sample.get_trials(deepcopy=False)) < FEWEST_RANKED else Shares(sample).of_rows(None)


def no_importances(trials: int) -> str:
    """The reason why a study with this number of completed or pruned trials has no importances."""
    if trials < FEWEST_RANKED:
        return f"{FEWEST_RANKED} completed or pruned trials are required ({trials} so far)"
    return "all completed trials have the same value, or no parameter varies among them"


class Shares:
    """The importances of a study that `ranked` returned, and of its subsets."""

    def __init__(self, sample: Study) -> None:
        self._trials = sample.get_trials(deepcopy=False)
        self._ped_anova = PedAnova(
            self._trials, list(dict.fromkeys(name for each in self._trials for name in each.params))
        )
        sign = 1.0 if sample.direction is StudyDirection.MINIMIZE else -1.0
        self._losses = sign * np.array([trial.value for trial in self._trials], dtype=float)

    def of_rows(self, rows: Sequence[int] | None) -> dict[str, float]:
        """The importances of the trials with these indices, None for all; empty if their values are all the same."""
        places = np.arange(len(self._trials)) if rows is None else np.array(rows, dtype=int)
        if len(set(self._losses[places])) < 2:  # noqa: PLR2004
            return {}
        varying = varying_parameters([self._trials[place] for place in places])
        found = self._ped_anova.importances(self._losses, _BEST_SHARE, places)
        total = sum(found[name] for name in varying)
        return {name: share / total for name, share in found.items() if name in varying} if total else {}


def varying_parameters(trials: Sequence[FrozenTrial]) -> list[str]:
    """The parameters that have more than one value among these trials."""
    values: dict[str, set[object]] = {}
    for trial in trials:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    return [name for name, seen in values.items() if len(seen) > 1]


def conditional_parameters(trials: Sequence[FrozenTrial]) -> list[str]:
    """The parameters that some of these trials have and others do not have."""
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    return [name for name in names if not all(name in trial.params for trial in trials)]
