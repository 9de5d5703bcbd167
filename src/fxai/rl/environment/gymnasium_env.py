"""Gymnasium interface of the trading environment, for agents and checkers of other libraries."""

from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray
from torch import Tensor

from fxai.market.splits.splits import Span
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig

Observation = NDArray[np.float32]


class GymnasiumEnv(gymnasium.Env[Observation, np.int64]):
    """A MarketEnv with one lane and one environment, on the CPU.

    Observations are float32 [window, feature + 4]. An action is an index of `env.positions`: by default short, flat,
    long. `info` has `equity`, `step_return` and `turnover` as in MarketStep, and `position` at the end of the bar: 0
    after a stop loss or a take profit.
    """

    def __init__(self, market: MarketTensors, span: Span, config: EnvConfig, *, close_at_end: bool = False) -> None:
        self._market, self._span, self._config = market, span, config
        self._close_at_end = close_at_end
        self._env = self._seeded(0)
        self.action_space = Discrete(self._env.actions)
        self.observation_space = Box(-np.inf, np.inf, self._env.observation_shape, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begins an episode at a random bar. A seed determines this bar and those of the episodes after it."""
        first = self._np_random is None
        super().reset(seed=seed, options=options)
        if seed is not None or first:
            self._env = self._seeded(int(self.np_random.integers(2**63)))
        return _array(self._env.reset()), {}

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Takes an action. Returns observation, reward, terminated, truncated and info."""
        step = self._env.step(torch.tensor([[int(action)]]))
        info = {
            "equity": step.equity.item(),
            "position": 0.0 if step.exited.item() else round(step.position.item(), 6),  # float32 rounds positions
            "step_return": step.step_return.item(),
            "turnover": step.turnover.item(),
        }
        return (
            _array(step.final_observation),
            step.reward.item(),
            bool(step.terminated.item()),
            bool(step.truncated.item()),
            info,
        )

    def _seeded(self, seed: int) -> MarketEnv:
        seeds = torch.tensor([seed])
        return MarketEnv(self._market, self._span, [self._config], seeds, 1, close_at_end=self._close_at_end)


def _array(observation: Tensor) -> Observation:
    return observation[0, 0].numpy().astype(np.float32)
