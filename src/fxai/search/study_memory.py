"""One study in the memory of the storage."""

import copy
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


@dataclass(slots=True)
class StudyMemory:
    """A study and its trials, ordered by id. The place of a trial is its index.

    A trial is replaced by a copy and never changed, because readers may have references to it.
    """

    name: str
    directions: list[StudyDirection]
    user_attrs: dict[str, Any]
    system_attrs: dict[str, Any]
    trials: list[FrozenTrial] = field(default_factory=list)
    _waiting: dict[int, None] = field(default_factory=dict)  # indexes of WAITING trials, the oldest first
    _distributions: dict[str, BaseDistribution] = field(default_factory=dict)

    def add(self, trial: FrozenTrial) -> int:
        """Add a trial; returns its index."""
        place = len(self.trials)
        self.trials.append(trial)
        self._distributions.update(trial.distributions)
        self.update_waiting(place)
        return place

    def replace_with_copy(self, place: int) -> FrozenTrial:
        """Replace the trial by a copy that may be changed; its dicts are still shared."""
        self.trials[place] = copy.copy(self.trials[place])
        return self.trials[place]

    def update_waiting(self, place: int) -> None:
        """Update the set of waiting trials after a change of the trial's state."""
        if self.trials[place].state is TrialState.WAITING:
            self._waiting[place] = None
        else:
            self._waiting.pop(place, None)

    def add_distribution(self, name: str, distribution: BaseDistribution) -> None:
        """Store a parameter's distribution.

        Raises:
            ValueError: If earlier trials have an incompatible distribution.
        """
        if name in self._distributions:
            check_distribution_compatibility(self._distributions[name], distribution)
        self._distributions[name] = distribution

    def next_number(self) -> int:
        return self.trials[-1].number + 1 if self.trials else 0

    def find(self, number: int) -> FrozenTrial | None:
        if number < len(self.trials) and self.trials[number].number == number:
            return self.trials[number]
        # numbers have gaps after rows were deleted
        return next((trial for trial in self.trials if trial.number == number), None)

    def select(self, states: Container[TrialState] | None) -> list[FrozenTrial]:
        if states is None:
            return list(self.trials)
        if states == (TrialState.WAITING,):
            return [self.trials[place] for place in self._waiting]
        return [trial for trial in self.trials if trial.state in states]


def new_trial() -> FrozenTrial:
    """A RUNNING trial without data and number."""
    return FrozenTrial(
        number=-1,
        trial_id=-1,
        state=TrialState.RUNNING,
        value=None,
        datetime_start=datetime.now(),  # noqa: DTZ005 -- Optuna's records hold local time
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )
