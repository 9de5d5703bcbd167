"""Experience: a policy acts in the environments of its lane, and what it met is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.environment.batched_env import BatchedEnv
from fxai.rl.lanes import counter_rng

Preferences = Callable[[Tensor, Tensor], Tensor]
"""From observations [lane, env, ...] and the samples' numbers [lane, env] to preferences [lane, action, env]."""

Choice = Callable[[Tensor, Tensor], Tensor]
"""From preferences [lane, action, env] and chance [lane, env], uniform on [0, 1), to actions [lane, env]."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """Steps of every environment, each [lane, time, env, ...]."""

    observation: Tensor
    final_observation: Tensor  # what follows the step, in the same episode
    preferences: Tensor  # [lane, time, action, env]
    action: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    number: Tensor  # of the sample within the lane's training


class Collector:
    """The environments of all lanes under way, and the chance by which their policies act."""

    def __init__(self, env: BatchedEnv, seeds: Tensor) -> None:
        """`seeds` is [lane] int64."""
        self._env, self._seeds = env, seeds
        self.observation = env.reset()

    @torch.no_grad()
    def collect(self, prefer: Preferences, choose: Choice, *, steps: int, clock: Tensor) -> Rollout:
        """Take `steps` steps from where the environments stand; `clock` [lane] int64 counts earlier calls."""
        envs = self._env.envs
        chance = counter_rng.uniform(self._seeds, counter_rng.Purpose.ACTION, clock, (steps, envs))
        inside = torch.arange(steps * envs, device=clock.device).view(steps, envs)
        number = inside + (clock * steps * envs)[:, None, None]
        self._env.foresee(steps)
        taken: list[tuple[Tensor, ...]] = []
        for time in range(steps):
            preferences = prefer(self.observation, number[:, time])
            action = choose(preferences, chance[:, time])
            step = self._env.step(action)
            met = (self.observation, step.final_observation, preferences, action, step.reward)
            taken.append((*met, step.terminated, step.truncated, number[:, time]))
            self.observation = step.observation
        return Rollout(*(torch.stack(column, dim=1) for column in zip(*taken, strict=True)))

    def state(self) -> dict[str, Tensor]:
        """All that changes from step to step, each [lane, ...]."""
        return self._env.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.observation = self._env.restore(state)
