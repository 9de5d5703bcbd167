"""Ranks of a study's completed and pruned trials. PED-ANOVA compares the best of them with all."""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Final

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from fxai.results.study_subset import StudySubset

PRUNED_RANK: Final = "A pruned trial counts as worse than every completed trial."  # shown beside importances


def ranked(study: Study) -> StudySubset:
    """The study with ranks instead of values, and with its pruned trials as completed ones.

    PED-ANOVA compares the best share of the trials with all trials, so ranks are as good as values. A pruned trial
    ranks after every completed trial. Among pruned trials, the later last step ranks first, then the better last
    report. Optuna's TPE orders trials in the same way. Completed trials alone would be a biased sample: they lack the
    parameter values that pruning removes.

    A pruned trial without a finite report is left out. Every pruned trial is left out if the study is a view by a
    metric that it does not prune by, since the view has no reports.
    """
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    sign = 1.0 if study.direction is StudyDirection.MINIMIZE else -1.0
    losses = {trial.number: loss for trial in trials if (loss := _loss(trial, sign)) is not None}
    rank = {loss: place for place, loss in enumerate(sorted(set(losses.values())))}
    kept = [trial for trial in trials if trial.number in losses]
    return StudySubset(study, [with_value(trial, sign * rank[losses[trial.number]]) for trial in kept])


def with_value(trial: FrozenTrial, value: float) -> FrozenTrial:
    """A copy of the trial that is complete and has this value."""
    completed = copy.copy(trial)
    completed.state = TrialState.COMPLETE
    completed.values = [value]
    return completed


def count_pruned(trials: Sequence[FrozenTrial], shown: Study) -> int:
    """The number of pruned trials among the trials that `ranked` returned for the study `shown`."""
    state: Mapping[int, TrialState] = {each.number: each.state for each in shown.get_trials(deepcopy=False)}
    return sum(state[trial.number] is TrialState.PRUNED for trial in trials)


def _loss(trial: FrozenTrial, sign: float) -> tuple[int, float, float] | None:
    """The sort key of a trial, the best first; None for a trial without a rank."""
    if trial.state is TrialState.COMPLETE:
        return None if trial.value is None or math.isnan(trial.value) else (0, 0.0, sign * trial.value)
    finite = [(step, value) for step, value in trial.intermediate_values.items() if math.isfinite(value)]
    if not finite:
        return None
    step, value = max(finite)
    return 1, -step, sign * value
