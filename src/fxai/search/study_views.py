"""Views of a study for pruners, plots and importances: one objective of several, or without copied trials.

Optuna does not prune in multi-objective studies. Pruners, and TPE where it orders pruned trials, read `direction`. In
`PrunedBySingleObjective` it is that of the main objective; everything else uses all objectives.
"""

import copy
from collections.abc import Callable, Container

from optuna import Study
from optuna.pruners import BasePruner
from optuna.samplers import RandomSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from fxai.search import attributes
from fxai.search.metric_goals import first_goal, goals_of
from fxai.search.storage import WriteBehindStorage
from fxai.spec.search.metric_goals import Goal
from fxai.spec.search.study import StudySpec


class PrunedBySingleObjective(Study):
    """A stored study whose intermediate values are of its main objective."""

    def __init__(self, spec: StudySpec, storage: WriteBehindStorage, pruner: BasePruner) -> None:
        sampler = RandomSampler()  # replaced by `Search.ask`
        super().__init__(spec.study_name, storage, sampler=sampler, pruner=pruner)
        self._pruning = StudyDirection[spec.direction.upper()]

    @property
    def direction(self) -> StudyDirection:
        return self._pruning


class LocalTrials(Study):
    """A study without the trials that were copied from another study.

    The sampler learns from copied trials. If the pruner compared with them, a study with lower values would have all
    its trials pruned and could not improve.
    """

    def __init__(self, study: Study) -> None:
        super().__init__(study.study_name, study._storage, pruner=study.pruner)  # noqa: SLF001 (it is not shown)
        self._study = study

    @property
    def direction(self) -> StudyDirection:
        return self._study.direction

    def get_trials(
        self,
        deepcopy: bool = True,  # noqa: FBT001, FBT002 (Optuna's signature)
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = super().get_trials(deepcopy=False, states=states)
        own = [trial for trial in trials if not attributes.is_copy(trial.user_attrs)]
        return copy.deepcopy(own) if deepcopy else own


class SingleObjectiveView(Study):
    """A stored study with one objective, for plots and importances.

    Completed trials without a value of the objective are omitted. Reports are of the main objective, so they are
    omitted for other objectives.
    """

    def __init__(self, study: Study, goal: Goal, value: Callable[[FrozenTrial], float | None]) -> None:
        super().__init__(study.study_name, study._storage)  # noqa: SLF001 (a study does not show its storage)
        self._goal, self._value = goal, value
        self._reported = goal.metric == goals_of(study)[first_goal(study)].metric
        view = map(self._view_of, study.get_trials(deepcopy=False))
        self._trials = [trial for trial in view if trial is not None]

    @property
    def directions(self) -> list[StudyDirection]:
        return [StudyDirection[self._goal.direction.upper()]]

    @property
    def metric_names(self) -> list[str]:
        return [self._goal.metric]

    def get_trials(
        self,
        deepcopy: bool = True,  # noqa: FBT001, FBT002 (Optuna's signature)
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = [trial for trial in self._trials if states is None or trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def _view_of(self, trial: FrozenTrial) -> FrozenTrial | None:
        view = copy.copy(trial)
        if not self._reported:
            view.intermediate_values = {}
        if trial.state is TrialState.COMPLETE:
            value = self._value(trial)
            if value is None:
                return None
            view.values = [value]
        return view


def first_objective_view(study: Study) -> Study:
    """The study with its main objective only; the study itself if it has one objective."""
    if len(study.directions) == 1:
        return study
    place = first_goal(study)
    return SingleObjectiveView(study, goals_of(study)[place], lambda trial: trial.values[place])


def metric_view(study: Study, goal: Goal) -> Study:
    """The study with this metric as its objective."""
    return SingleObjectiveView(study, goal, lambda trial: attributes.metrics_of(trial.user_attrs).get(goal.metric))
