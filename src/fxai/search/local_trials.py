"""A study without the trials that it has from another: what a pruner may compare with."""

import copy
from collections.abc import Container

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from fxai.search import attributes


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
