"""Importance of each parameter for a study's metric."""

import warnings
from collections.abc import Sequence

from optuna import Study
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from fxai.results.importances.ranked import ranked
from fxai.results.sampled_study import sampled
from fxai.search.study_views import first_objective_view

FEWEST_COMPLETED = 2
FEWEST_RANKED = 20  # completed or pruned; the best tenth of half of them is one trial
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
    return {} if len(sample.get_trials(deepcopy=False)) < FEWEST_RANKED else shares_in(sample)


def no_importances(trials: int) -> str:
    """The reason why a study with this number of completed or pruned trials has no importances."""
    if trials < FEWEST_RANKED:
        return f"{FEWEST_RANKED} completed or pruned trials are required ({trials} so far)"
    return "all completed trials have the same value, or no parameter varies among them"


def shares_in(sample: Study) -> dict[str, float]:
    """The importances of a study that `ranked` returned, or of a subset of it."""
    trials = sample.get_trials(deepcopy=False)
    if len({trial.value for trial in trials}) < 2:  # noqa: PLR2004
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of parameters that few trials have
        try:
            shares = get_param_importances(sample, evaluator=PedAnovaImportanceEvaluator())
        except (RuntimeError, ValueError):  # no parameter at all
            return {}
    varying = varying_parameters(trials)
    total = sum(share for name, share in shares.items() if name in varying)
    return {name: share / total for name, share in shares.items() if name in varying} if total else {}


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
