"""Roll-outs: policies act in the environments of their lanes; all steps are recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.environment.batched_env import BatchedEnv
from fxai.rl.lanes import counter_rng

Preferences = Callable[[Tensor, Tensor], Tensor]
"""Maps observations [lane, env, ...] and sample numbers [lane, env] to preferences [lane, action, env]."""

Choice = Callable[[Tensor, Tensor], Tensor]
"""Maps preferences [lane, action, env] and random numbers [lane, env] on [0, 1) to actions [lane, env]."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """Steps of every environment, each [lane, time, env, ...]."""

    observation: Tensor
    final_observation: Tensor  # observation after the step, in the same episode
    preferences: Tensor  # [lane, time, action, env]
    action: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    number: Tensor  # number of the sample within the lane's training


class Collector:
    """Environments of all lanes, and the random numbers for actions."""

    def __init__(self, env: BatchedEnv, seeds: Tensor) -> None:
        """`seeds` is [lane] int64."""
        self.env, self._seeds = env, seeds
        self.observation = env.reset()

    @torch.no_grad()
    def collect(self, preferences_of: Preferences, choose: Choice, *, steps: int, clock: Tensor) -> Rollout:
        """Take `steps` steps in all environments; `clock` [lane] int64 is the number of earlier calls."""
        envs = self.env.envs
        uniform = counter_rng.uniform(self._seeds, counter_rng.Purpose.ACTION, clock, (steps, envs))
        offsets = torch.arange(steps * envs, device=clock.device).view(steps, envs)
        number = offsets + (clock * steps * envs)[:, None, None]
        self.env.draw_ahead(steps)
        taken: list[tuple[Tensor, ...]] = []
        for time in range(steps):
            preferences = preferences_of(self.observation, number[:, time])
            action = choose(preferences, uniform[:, time])
            step = self.env.step(action)
            before = (self.observation, step.final_observation, preferences, action, step.reward)
            taken.append((*before, step.terminated, step.truncated, number[:, time]))
            self.observation = step.observation
        return Rollout(*(torch.stack(column, dim=1) for column in zip(*taken, strict=True)))

    def state(self) -> dict[str, Tensor]:
        """State of the environments, each [lane, ...]."""
        return self.env.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.observation = self.env.restore(state)
