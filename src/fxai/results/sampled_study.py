"""A sample of a study's trials for plots and importances."""

import copy
from collections.abc import Sequence

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from fxai.results.study_subset import StudySubset
from fxai.search import attributes
from fxai.search.pbt_history import latest_params


def sampled(study: Study, most: int) -> StudySubset:
    """At most about `most` trials of a study with their numbers, including the best trial.

    Every k-th completed trial in the order of values is kept, and every k-th other trial in the order of numbers.
    Copies of another study's trials are left out, and so are user attributes, which Optuna would write into every hover
    text. Members of a population have their last parameters.
    """
    return StudySubset(study, [_without_attributes(trial) for trial in _sample(study, most)])


def _sample(study: Study, most: int) -> Sequence[FrozenTrial]:
    trials = [trial for trial in study.get_trials(deepcopy=False) if not attributes.is_copy(trial.user_attrs)]
    stride = -(-len(trials) // most)
    if stride <= 1:
        return trials
    descending = study.direction is StudyDirection.MAXIMIZE
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    by_value = sorted(completed, key=lambda trial: trial.value or 0.0, reverse=descending)
    others = [trial for trial in trials if trial.state is not TrialState.COMPLETE]
    return sorted([*by_value[::stride], *others[::stride]], key=lambda trial: trial.number)


def _without_attributes(trial: FrozenTrial) -> FrozenTrial:
    light = copy.copy(trial)
    params = latest_params(trial)
    light.distributions = {name: each for name, each in trial.distributions.items() if name in params}
    light.params = {name: params[name] for name in light.distributions}
    light.user_attrs = {}
    return light
