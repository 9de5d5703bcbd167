"""Environments so simple that the value of every state is known.

Each episode has `length` steps; an observation is (sign, time), the sign drawn anew for each step. As a window of
several rows it is (sign, 0) in the oldest row, (0, time) in the newest, and zeros in between: an agent needs the
whole window to know both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.market.scores.scored_steps import SpanScore
from fxai.rl.algorithms.build import build_learner
from fxai.rl.environment.batched_env import BatchedEnv, Step
from fxai.rl.lanes import counter_rng
from fxai.rl.lanes.learner import Learner
from fxai.rl.lanes.pack import Pack
from fxai.rl.lanes.policy import Policy
from fxai.rl.training.tensor_program import Score, TensorProgram
from fxai.rl.training.training import Training

CPU = torch.device("cpu")
Reward = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Reward of sign, time within the episode and action, each [lane, env]."""


def no_score(policy: Policy, weights: Tensor, lanes: Sequence[int]) -> list[SpanScore]:
    """The score of a training whose evaluations are not read."""
    return [SpanScore({}, parts=(), bars_per_year=1.0) for _ in lanes]


def training_in(env: BatchedEnv, pack: Pack, score: Score = no_score, device: torch.device = CPU) -> Training:
    """The training of a pack in environments, by torch."""
    return Training(pack, TensorProgram(build_learner(pack, env, device), score, device))


def learner_of(training: Training) -> Learner:
    """The learner of a training by torch."""
    assert isinstance(training.program, TensorProgram)
    return training.program.learner


@dataclass
class ProbeEnv:
    reward: Reward
    seeds: tuple[int, ...] = (0,)
    envs: int = 16
    length: int = 1
    truncates: bool = False
    actions: int = 2
    rows: int = 0  # rows of the window; 0 for a flat observation

    def __post_init__(self) -> None:
        self.lanes = len(self.seeds)
        self.observation_shape: tuple[int, ...] = (self.rows, 2) if self.rows else (2,)
        self._seeds = torch.tensor(self.seeds)

    def reset(self) -> Tensor:
        self._clock = torch.zeros(self.lanes, dtype=torch.int64)
        self._time = torch.zeros(self.lanes, self.envs, dtype=torch.int64)
        self._sign = self._drawn()
        return self._observe(self._time)

    def step(self, action: Tensor) -> Step:
        reward = self.reward(self._sign, self._time, action)
        self._clock = self._clock + 1
        self._sign = self._drawn()
        ended = self._time + 1 >= self.length
        final = self._observe((self._time + 1) % self.length)
        self._time = torch.where(ended, 0, self._time + 1)
        never = torch.zeros_like(ended)
        return Step(
            observation=self._observe(self._time),
            final_observation=final,
            reward=reward.float(),
            terminated=never if self.truncates else ended,
            truncated=ended if self.truncates else never,
        )

    def state(self) -> dict[str, Tensor]:
        return {"clock": self._clock, "time": self._time}

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        self._clock, self._time = state["clock"].clone(), state["time"].clone()
        self._sign = self._drawn()
        return self._observe(self._time)

    def draw_ahead(self, steps: int) -> None:
        """Does nothing: a draw depends only on the number of its step."""

    def _drawn(self) -> Tensor:
        chance = counter_rng.uniform(self._seeds, counter_rng.Purpose.EPISODE_START, self._clock, (self.envs,))
        return torch.where(chance < 0.5, -1.0, 1.0)

    def _observe(self, time: Tensor) -> Tensor:
        return observed(self._sign, time.float(), self.rows)


def observed(sign: Tensor, time: Tensor, rows: int) -> Tensor:
    """Observations of signs and times of any shape."""
    if not rows:
        return torch.stack([sign, time], dim=-1)
    window = torch.zeros(*sign.shape, rows, 2)
    window[..., 0, 0], window[..., -1, 1] = sign, time
    return window
