"""Environments so simple that the value of every state is known beforehand.

Each episode has `length` steps; an observation is (sign, time), the sign drawn anew for each step.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl import draws
from fxai.rl.batched_env import Step

Reward = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Of sign, time within the episode and action, each [lane, env]."""


@dataclass
class ProbeEnv:
    reward: Reward
    seeds: tuple[int, ...] = (0,)
    envs: int = 16
    length: int = 1
    truncates: bool = False
    actions: int = 2
    observation_shape: tuple[int, ...] = (2,)

    def __post_init__(self) -> None:
        self.lanes = len(self.seeds)
        self._seeds = torch.tensor(self.seeds)

    def reset(self) -> Tensor:
        self._clock = 0
        self._time = torch.zeros(self.lanes, self.envs, dtype=torch.int64)
        return self._observe(self._clock, self._time)

    def step(self, action: Tensor) -> Step:
        reward = self.reward(self._sign(self._clock), self._time, action)
        self._clock += 1
        ended = self._time + 1 >= self.length
        final = self._observe(self._clock, (self._time + 1) % self.length)
        self._time = torch.where(ended, 0, self._time + 1)
        never = torch.zeros_like(ended)
        return Step(
            observation=self._observe(self._clock, self._time),
            final_observation=final,
            reward=reward.float(),
            terminated=never if self.truncates else ended,
            truncated=ended if self.truncates else never,
        )

    def state(self) -> dict[str, Tensor]:
        return {"clock": torch.tensor(self._clock), "time": self._time}

    def restore(self, state: dict[str, Tensor]) -> Tensor:
        self._clock, self._time = int(state["clock"]), state["time"].clone()
        return self._observe(self._clock, self._time)

    def _sign(self, clock: int) -> Tensor:
        chance = draws.uniform(self._seeds, draws.Purpose.EPISODE_START, clock, (self.envs,))
        return torch.where(chance < 0.5, -1.0, 1.0)

    def _observe(self, clock: int, time: Tensor) -> Tensor:
        return torch.stack([self._sign(clock), time.float()], dim=-1)
