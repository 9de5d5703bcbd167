"""A study with a subset of its trials."""

import copy
from collections.abc import Container, Sequence

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


class StudySubset(Study):
    """A study with these trials instead of its own, each at most once. Functions on studies accept it."""

    def __init__(self, study: Study, trials: Sequence[FrozenTrial]) -> None:
        super().__init__(study.study_name, study._storage)  # noqa: SLF001 (a study does not show its storage)
        self._study, self._part = study, tuple(trials)

    @property
    def directions(self) -> list[StudyDirection]:
        return self._study.directions

    @property
    def metric_names(self) -> list[str] | None:
        return self._study.metric_names

    def get_trials(
        self,
        deepcopy: bool = True,  # noqa: FBT001, FBT002 (Optuna's signature)
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = [trial for trial in self._part if states is None or trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials
