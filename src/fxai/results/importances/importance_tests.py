"""Permutation test of parameter importances.

PED-ANOVA gives every parameter some importance, also on noise. The test shuffles the values among the trials and
computes the importances again, 100 times. A parameter stands out if its importance exceeds the 95 % quantile of its
importances on shuffled values.

The power of the test was simulated with four uniform parameters, one of which explains a share of the variance. With
20 trials and PED-ANOVA's own comparison of the best tenth with all trials, a share of 40 % stands out in one study of
six. With 40 trials and the best two fifths, a share of 40 % stands out in 57 studies of 60 and a share of 20 % in 36
of 60, while 6 % of the parameters without influence stand out.
"""

from dataclasses import dataclass

import numpy as np
from optuna import Study
from optuna.study import StudyDirection

from fxai.results.importances.importance import conditional_parameters, varying_parameters
from fxai.results.importances.ped_anova import PedAnova
from fxai.results.importances.ranked import count_pruned, ranked
from fxai.search import attributes
from fxai.search.study_views import first_objective_view

FEWEST_TRIALS = 40  # completed or pruned
REQUIRED = f"{FEWEST_TRIALS} completed or pruned trials are required, two fifths of them completed"
SHUFFLES = 100
_QUANTILE = 0.95
_BEST_SHARE = 0.4  # share of the trials that PED-ANOVA compares with all; all of them have completed
_MOST_TRIALS = 400  # only the last ones are tested, which limits the time


@dataclass(frozen=True, slots=True)
class ImportanceTest:
    """A parameter's importance, and its importance by chance."""

    importance: float
    by_chance: float  # the 95 % quantile under shuffled values

    @property
    def stands_out(self) -> bool:
        return self.importance > self.by_chance


def can_test(completed: int, pruned: int) -> bool:
    """Whether a study has enough trials for the test.

    The best two fifths must have completed. Otherwise the order of pruned trials would decide which are the best.
    """
    trials = completed + pruned
    return trials >= FEWEST_TRIALS and completed >= _BEST_SHARE * trials


def importance_tests(study: Study, *, seed: int = 0) -> dict[str, ImportanceTest]:
    """Test the parameters of a study that vary and that all counted trials have.

    Completed and pruned trials count, in the order of `ranked`.

    Returns:
        Tests by parameter name; empty if `can_test` is false.
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
    sign = 1.0 if study.direction is StudyDirection.MINIMIZE else -1.0
    losses = sign * np.array([trial.value for trial in trials], dtype=float)
    ped_anova = PedAnova(trials, names)
    chance = np.random.default_rng(seed)
    found = ped_anova.importances(losses, _BEST_SHARE)
    shuffled = [ped_anova.importances(chance.permutation(losses), _BEST_SHARE) for _ in range(SHUFFLES)]
    return {
        name: ImportanceTest(found[name], float(np.quantile([each[name] for each in shuffled], _QUANTILE)))
        for name in names
    }
