"""Epsilon-greedy actions."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.rl.kernels import epsilon_greedy_actions
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.spec.fields.dqn_config import DqnConfig


@dataclass(frozen=True, slots=True)
class EpsilonSchedule:
    """Each lane's probability of random actions over its training; all fields are [lane]."""

    initial: Tensor
    final: Tensor
    updates: Tensor  # number of updates from initial to final

    @classmethod
    def of(cls, configs: Sequence[DqnConfig], device: torch.device) -> "EpsilonSchedule":
        return cls(
            initial=lane_numbers(configs, lambda c: c.exploration_initial, device),
            final=lane_numbers(configs, lambda c: c.exploration_final, device),
            updates=lane_numbers(configs, lambda c: c.exploration_fraction * c.total_updates, device),
        )

    def epsilon(self, clock: Tensor) -> Tensor:
        """Epsilon [lane] in update `clock` [lane], counted from 0."""
        done = (clock / self.updates.clamp(min=1e-6)).clamp(max=1)
        return torch.where(clock < self.updates, self.initial + (self.final - self.initial) * done, self.final)


def epsilon_greedy(preferences: Tensor, uniform: Tensor, epsilon: Tensor) -> Tensor:
    """Actions [lane, sample]: the preferred action, or with probability epsilon a uniformly random action.

    Where `uniform` is below epsilon, `uniform` / epsilon is again uniform on [0, 1) and selects the action.

    Args:
        preferences: [lane, action, sample].
        uniform: Random numbers on [0, 1), [lane, sample].
        epsilon: [lane].
    """
    if runs_on_kernels(preferences):
        action = torch.empty_like(uniform, dtype=torch.int64)
        epsilon_greedy_actions(*(tensor.numpy() for tensor in (preferences, uniform, epsilon, action)))
        return action
    actions = preferences.shape[1]
    threshold = epsilon.unsqueeze(1)
    explores = uniform < threshold
    rescaled = torch.where(explores, uniform, 0.0) / threshold.clamp(min=torch.finfo(threshold.dtype).tiny)
    random_action = (rescaled * actions).to(torch.int64).clamp(max=actions - 1)
    return torch.where(explores, random_action, preferences.argmax(1))
