"""Hyperband for multi-objective studies, for studies with copied trials, and with another study's brackets.

Optuna's Hyperband reads a study of its own class, which has every trial of the storage, and no single direction with
several objectives. It computes a trial's bracket from the trial's number and the study's name, so a study that replays
another under a name of its own needs the other's brackets.
"""

import copy
from collections.abc import Callable, Container
from types import SimpleNamespace
from typing import Any

from optuna import Study
from optuna.pruners import HyperbandPruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


class Hyperband(HyperbandPruner):
    """Optuna's Hyperband pruner on the study that it is given; see this module."""

    def __init__(self, study_name: str | None, **arguments: Any) -> None:
        """`study_name` is the study whose brackets are used; None: the own study. Other arguments are Optuna's."""
        super().__init__(**arguments)
        self._named: Any = None if study_name is None else SimpleNamespace(study_name=study_name)

    def _get_bracket_id(self, study: Any, trial: FrozenTrial) -> int:
        return super()._get_bracket_id(self._named or study, trial)

    def _create_bracket_study(self, study: Study, bracket_id: int) -> Any:
        return _Bracket(study, lambda trial: self._get_bracket_id(study, trial) == bracket_id)


class _Bracket(Study):
    """The trials of one bracket of a study."""

    def __init__(self, study: Study, is_inside: Callable[[FrozenTrial], bool]) -> None:
        super().__init__(study.study_name, study._storage, pruner=study.pruner)  # noqa: SLF001 (it is not shown)
        self._whole, self._is_inside = study, is_inside

    @property
    def direction(self) -> StudyDirection:
        return self._whole.direction

    def get_trials(
        self,
        deepcopy: bool = True,  # noqa: FBT001, FBT002 (Optuna's signature)
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = [trial for trial in self._whole.get_trials(deepcopy=False, states=states) if self._is_inside(trial)]
        return copy.deepcopy(trials) if deepcopy else trials
