"""The order of a study's completed and pruned trials, which PED-ANOVA takes the best trials from."""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Final

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from fxai.results.study_subset import StudySubset

PRUNED_RANK: Final = "A pruned trial counts as worse than every completed trial."  # of `ranked`, as pages say it


def ranked(study: Study) -> StudySubset:
    """The study with ranks in place of values, and with its pruned trials as completed ones.

    PED-ANOVA compares the best share of the trials with all trials, so that ranks serve it as well as values do.
    A pruned trial ranks after every completed trial. Among pruned trials the one that reached the later step comes
    first, then the one with the better last report. Optuna's TPE orders trials in the same way. Completed trials
    alone would be a selection: the values that pruning removes are missing among them.

    A pruned trial without a finite report is left out. So is every pruned trial of a view by a metric that the
    study does not prune by, since such a view has no reports.
    """
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    sign = 1.0 if study.direction is StudyDirection.MINIMIZE else -1.0
    losses = {trial.number: loss for trial in trials if (loss := _loss(trial, sign)) is not None}
    rank = {loss: place for place, loss in enumerate(sorted(set(losses.values())))}
    there = [trial for trial in trials if trial.number in losses]
    return StudySubset(study, [with_value(trial, sign * rank[losses[trial.number]]) for trial in there])


def with_value(trial: FrozenTrial, value: float) -> FrozenTrial:
    """The trial as if it had completed with this value."""
    told = copy.copy(trial)
    told.state = TrialState.COMPLETE
    told.values = [value]
    return told


def count_pruned(trials: Sequence[FrozenTrial], shown: Study) -> int:
    """How many of the trials that `ranked` gave are pruned trials of the study that it was given."""
    state: Mapping[int, TrialState] = {each.number: each.state for each in shown.get_trials(deepcopy=False)}
    return sum(state[trial.number] is TrialState.PRUNED for trial in trials)


def _loss(trial: FrozenTrial, sign: float) -> tuple[int, float, float] | None:
    """What trials are ordered by, the least first; None for a trial that has no place in the order."""
    if trial.state is TrialState.COMPLETE:
        return None if trial.value is None or math.isnan(trial.value) else (0, 0.0, sign * trial.value)
    finite = [(step, value) for step, value in trial.intermediate_values.items() if math.isfinite(value)]
    if not finite:
        return None
    step, value = max(finite)
    return 1, -step, sign * value
