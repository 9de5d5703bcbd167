"""Which parameters' importance does not stand out from zero.

PED-ANOVA gives every parameter some importance, on noise too. How much noise gives is seen by shuffling the
values among the trials (a permutation test): what does not exceed 95 of 100 such importances of the same
parameter may well be nothing.

A test that finds little calls too much unimportant. Simulated with four uniform parameters, one of which explains a
share of the variance: of 20 trials the best tenth against all, as PED-ANOVA compares by itself, showed a share of
40 % in one study of six. Of 40 trials the best two fifths show it in 57 studies of 60 and a share of 20 % in 36,
while 6 % of the parameters without influence stand out.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from optuna import Study
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial

from fxai.results.importances.importance import conditional_parameters, varying_parameters
from fxai.results.importances.ranked import count_pruned, ranked, with_value
from fxai.results.study_subset import StudySubset
from fxai.search import attributes
from fxai.search.study_views import first_objective_view

FEWEST_TRIALS = 40  # completed or pruned
NEEDED = f"{FEWEST_TRIALS} completed or pruned trials, two fifths of them completed"
SHUFFLES = 100
_QUANTILE = 0.95
_BEST_SHARE = 0.4  # of the trials; all of these have completed
_MOST_TRIALS = 400  # the last of them; the test takes its time


@dataclass(frozen=True, slots=True)
class ImportanceTest:
    """A parameter's importance beside what chance gives."""

    importance: float
    by_chance: float  # the 95 % quantile under shuffled values

    @property
    def stands_out(self) -> bool:
        return self.importance > self.by_chance


def can_test(completed: int, pruned: int) -> bool:
    """Whether so many trials can show that a parameter does not matter.

    The best trials must have completed, or the order of pruned trials would decide which are the best.
    """
    trials = completed + pruned
    return trials >= FEWEST_TRIALS and completed >= _BEST_SHARE * trials


def importance_tests(study: Study, *, seed: int = 0) -> dict[str, ImportanceTest]:
    """Of each parameter that all counted trials have and that varies; empty where `can_test` says no.

    Completed and pruned trials count, in the order of `ranked`.
    """
    study = first_objective_view(study)
    trials = [
        trial
        for trial in ranked(study).get_trials(deepcopy=False)
        if not attributes.is_uncounted(trial.user_attrs) and attributes.PBT_HISTORY not in trial.user_attrs
    ][-_MOST_TRIALS:]
    conditional = conditional_parameters(trials)
    names = [name for name in varying_parameters(trials) if name not in conditional]
    pruned = count_pruned(trials, study)
    if not can_test(len(trials) - pruned, pruned) or not names:
        return {}
    values = np.array([trial.value for trial in trials], dtype=float)
    chance = np.random.default_rng(seed)
    found = _importances(trials, values, names, study)
    shuffled = [_importances(trials, chance.permutation(values), names, study) for _ in range(SHUFFLES)]
    return {
        name: ImportanceTest(found[name], float(np.quantile([each[name] for each in shuffled], _QUANTILE)))
        for name in names
    }


def _importances(trials: Sequence[FrozenTrial], values: np.ndarray, names: list[str], study: Study) -> dict[str, float]:
    """Importances by PED-ANOVA, not brought to a sum of 1, if the trials had these values."""
    told = [with_value(trial, float(value)) for trial, value in zip(trials, values, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return PedAnovaImportanceEvaluator(target_quantile=_BEST_SHARE).evaluate(StudySubset(study, told), params=names)
