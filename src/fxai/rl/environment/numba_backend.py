"""The market's environments on a CPU as tensors, stepped by a loop that numba compiles."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from fxai.rl.environment.compiled_market import MARKS, CompiledMarket
from fxai.rl.environment.episodes import Episodes
from fxai.rl.environment.step_result import MarketStep
from fxai.rl.kernels import begin_episodes, market_step


class NumbaBackend:
    """Steps the environments one after the other; see `market_env.MarketBackend`."""

    def __init__(self, market: CompiledMarket) -> None:
        self._market = market

    def begin(self, starts: Tensor, ends: Tensor) -> Tensor:
        self._market.begin(starts.numpy(), ends.numpy())
        return self._observation()

    def step(self, action: Tensor, episodes: Episodes) -> MarketStep:
        market, environments, ended = self._market.arrays, self._market.environments(), np.empty(1, np.bool_)
        final_observation = np.empty((*action.shape, *self._market.shape), market.quotes.dtype)
        market_step(market, environments, action.numpy(), ended, final_observation)
        if ended[0]:
            starts, ends = episodes.next()
            begin_episodes(environments, starts.numpy(), ends.numpy())
            observation = self._observation()
        else:
            observation = torch.from_numpy(final_observation)
            episodes.skip()

        def column(name: str) -> Tensor:
            records = environments.marks if name in MARKS else environments.figures
            return torch.from_numpy(records[name])

        return MarketStep(
            observation=observation,
            final_observation=torch.from_numpy(final_observation),
            reward=column("reward"),
            terminated=column("terminated"),
            truncated=column("truncated"),
            column=column,
        )

    def state(self) -> dict[str, Tensor]:
        return {name: torch.from_numpy(array) for name, array in self._market.state().items()}

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        self._market.restore({name: tensor.numpy() for name, tensor in state.items()})
        return self._observation()

    def _observation(self) -> Tensor:
        return torch.from_numpy(self._market.observation())
