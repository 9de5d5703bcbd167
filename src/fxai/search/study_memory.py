"""One study as the storage holds it in memory."""

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
    """A study and its trials, in the order of their ids; a trial's place in it is its index.

    A trial is replaced and never changed, because readers hold it.
    """

    name: str
    directions: list[StudyDirection]
    user_attrs: dict[str, Any]
    system_attrs: dict[str, Any]
    trials: list[FrozenTrial] = field(default_factory=list)
    _waiting: dict[int, None] = field(default_factory=dict)  # places of WAITING trials, first in first
    _distributions: dict[str, BaseDistribution] = field(default_factory=dict)

    def add(self, trial: FrozenTrial) -> int:
        """The place at which the trial now is."""
        place = len(self.trials)
        self.trials.append(trial)
        self._distributions.update(trial.distributions)
        self.note_state(place)
        return place

    def renew(self, place: int) -> FrozenTrial:
        """A copy of the trial, put in its place to be changed; its dicts are still shared."""
        self.trials[place] = copy.copy(self.trials[place])
        return self.trials[place]

    def note_state(self, place: int) -> None:
        """Know whether the trial waits, after its state was set."""
        if self.trials[place].state is TrialState.WAITING:
            self._waiting[place] = None
        else:
            self._waiting.pop(place, None)

    def note_distribution(self, name: str, distribution: BaseDistribution) -> None:
        """Know a parameter's distribution; a `ValueError` if earlier trials drew it from an incompatible one."""
        if name in self._distributions:
            check_distribution_compatibility(self._distributions[name], distribution)
        self._distributions[name] = distribution

    def next_number(self) -> int:
        return self.trials[-1].number + 1 if self.trials else 0

    def find(self, number: int) -> FrozenTrial | None:
        if number < len(self.trials) and self.trials[number].number == number:
            return self.trials[number]
        # Numbers have gaps where somebody deleted rows.
        return next((trial for trial in self.trials if trial.number == number), None)

    def select(self, states: Container[TrialState] | None) -> list[FrozenTrial]:
        if states is None:
            return list(self.trials)
        if states == (TrialState.WAITING,):
            return [self.trials[place] for place in self._waiting]
        return [trial for trial in self.trials if trial.state in states]


def new_trial() -> FrozenTrial:
    """A RUNNING trial of which nothing is known yet, not even its number."""
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
