"""Views of a study for pruners, plots and importances: one objective of several, or the study's own trials only.

Optuna does not prune in a study of several objectives. Pruners, and TPE where it orders pruned trials, ask a study for
its one direction. `PrunedBySingleObjective` answers with the direction of the objective that prunes; everything else
sees all objectives.
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
    """A stored study whose intermediate values are of one of its objectives."""

    def __init__(self, spec: StudySpec, storage: WriteBehindStorage, pruner: BasePruner) -> None:
        sampler = RandomSampler()  # `Search.ask` puts one of the spec's in its place
        super().__init__(spec.study_name, storage, sampler=sampler, pruner=pruner)
        self._pruning = StudyDirection[spec.direction.upper()]

    @property
    def direction(self) -> StudyDirection:
        return self._pruning


class LocalTrials(Study):
    """A study as its own trials make it.

    Copies of an earlier study's trials are there for the sampler to learn from. A trial that is pruned because it
    is worse than they were would never show whether this study does better.
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
    """A stored study as if it had one objective, this one: what plots and importances look at.

    Completed trials without a value for it are left out. What trials reported on the way is of the study's own first
    objective, and is there only where that is the one.
    """

    def __init__(self, study: Study, goal: Goal, value: Callable[[FrozenTrial], float | None]) -> None:
        super().__init__(study.study_name, study._storage)  # noqa: SLF001 (a study does not show its storage)
        self._goal, self._value = goal, value
        self._reported = goal.metric == goals_of(study)[first_goal(study)].metric
        seen = map(self._seen, study.get_trials(deepcopy=False))
        self._trials = [trial for trial in seen if trial is not None]

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

    def _seen(self, trial: FrozenTrial) -> FrozenTrial | None:
        seen = copy.copy(trial)
        if not self._reported:
            seen.intermediate_values = {}
        if trial.state is TrialState.COMPLETE:
            value = self._value(trial)
            if value is None:
                return None
            seen.values = [value]
        return seen


def first_objective_view(study: Study) -> Study:
    """The study with its first objective alone; itself where it has no other."""
    if len(study.directions) == 1:
        return study
    place = first_goal(study)
    return SingleObjectiveView(study, goals_of(study)[place], lambda trial: trial.values[place])


def metric_view(study: Study, goal: Goal) -> Study:
    """The study as if it had optimised this metric of its trials."""
    return SingleObjectiveView(study, goal, lambda trial: attributes.metrics_of(trial.user_attrs).get(goal.metric))
