"""Epsilon-greedy actions: mostly the best known one, at times any."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.spec.fields.dqn_config import DqnConfig


@dataclass(frozen=True, slots=True)
class EpsilonSchedule:
    """Each lane's share of random actions over its training; all fields are [lane]."""

    initial: Tensor
    final: Tensor
    updates: Tensor  # over which the share falls

    @classmethod
    def of(cls, configs: Sequence[DqnConfig], device: torch.device) -> "EpsilonSchedule":
        return cls(
            initial=lane_numbers(configs, lambda c: c.exploration_initial, device),
            final=lane_numbers(configs, lambda c: c.exploration_final, device),
            updates=lane_numbers(configs, lambda c: c.exploration_fraction * c.total_updates, device),
        )

    def epsilon(self, clock: Tensor) -> Tensor:
        """The share [lane] at the updates `clock` [lane], counted from 0."""
        done = (clock / self.updates.clamp(min=1e-6)).clamp(max=1)
        return torch.where(clock < self.updates, self.initial + (self.final - self.initial) * done, self.final)


def epsilon_greedy(preferences: Tensor, chance: Tensor, epsilon: Tensor) -> Tensor:
    """Actions [lane, sample] for preferences [lane, action, sample], chance [lane, sample], epsilon [lane].

    Each sample has a coin of its own. Where `chance`, uniform on [0, 1), is below epsilon, its place
    below it is uniform again and chooses the action.
    """
    actions = preferences.shape[1]
    share = epsilon.unsqueeze(1)
    explores = chance < share
    place = torch.where(explores, chance, 0.0) / share.clamp(min=torch.finfo(share.dtype).tiny)
    anything = (place * actions).to(torch.int64).clamp(max=actions - 1)
    return torch.where(explores, anything, preferences.argmax(1))
