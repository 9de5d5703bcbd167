"""The trading environments of all lanes.

The rules are those of `market/rules.py`, the rewards those of `market/reward.py`. On a CPU a compiled loop runs these
very functions. Elsewhere torch's operations state them again; tests hold the two together.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from torch import Tensor

from fxai.market.splits import Span
from fxai.rl.environment.episodes import Episodes
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.market_view import MarketView
from fxai.rl.environment.numba_backend import NumbaBackend
from fxai.rl.environment.step_result import MarketStep
from fxai.rl.environment.torch_backend import TorchBackend
from fxai.rl.kernels import runs_on_kernels
from fxai.spec.fields.env_config import EnvConfig


class MarketBackend(Protocol):
    """Where environments [lane, env] trade; each stands at a bar of an episode, with an account."""

    def begin(self, starts: Tensor, ends: Tensor) -> Tensor:
        """Begin episodes from first to last bars [lane, env] with fresh accounts; returns observations."""
        ...

    def step(self, action: Tensor, starts: Tensor, ends: Tensor) -> MarketStep:
        """Take actions [lane, env] (int64); the bars are those of the episode that begins where one ends."""
        ...

    def state(self) -> dict[str, Tensor]:
        """All that changes from step to step; to be read before the next one."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        """Go back to a state; returns the observations of that moment."""
        ...


class MarketEnv:
    """A BatchedEnv on one market: actions 0, 1, 2 ask for the target positions short, flat, long.

    `market_view.py` says what an observation is. Where no episode ended, a step's `observation` and
    `final_observation` may be one tensor.
    """

    actions = 3

    def __init__(
        self,
        market: MarketTensors,
        span: Span,
        configs: Sequence[EnvConfig],
        seeds: Tensor,
        envs: int,
        *,
        starts: Tensor | None = None,
        close_at_end: bool = False,
    ) -> None:
        """Environments on the bars of `span`, one lane for each config.

        `seeds` is [lane] int64. `starts` [lane, env] int64 fixes the bar that each episode begins at, an
        ended one begins there again; else starts are drawn. `close_at_end` closes what an ended episode
        left open and charges the costs, for scoring. Drawn episodes see nothing before the span; given
        starts may lie anywhere in it, where a window may look back over its beginning, so that agents
        with different windows are scored on the same bars. Raises DataError where the span has no room
        for a step, ValueError for starts outside it and for configs that differ in their window.
        """
        view = MarketView(market, configs)
        self.lanes, self.envs = len(configs), envs
        self.observation_shape: tuple[int, ...] = view.shape
        self._device = market.device
        self._episodes = Episodes(
            span,
            window=configs[0].observation_window,
            steps=[config.max_episode_steps for config in configs],
            seeds=seeds.to(market.device),
            envs=envs,
            starts=starts,
        )
        self._floor: MarketBackend
        if runs_on_kernels(market.quotes):
            self._floor = NumbaBackend(market, view, configs, close_at_end=close_at_end)
        else:
            self._floor = TorchBackend(market, view, configs, envs, close_at_end=close_at_end)
        self.reset()

    def reset(self) -> Tensor:
        return self._floor.begin(*self._episodes.next())

    def foresee(self, steps: int) -> None:
        self._episodes.foresee(steps)

    def step(self, action: Tensor) -> MarketStep:
        return self._floor.step(action, *self._episodes.next())

    def state(self) -> dict[str, Tensor]:
        return {"starts_drawn": self._episodes.step, **self._floor.state()}

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        here = {name: tensor.to(self._device) for name, tensor in state.items()}
        self._episodes.go_to(here.pop("starts_drawn"))
        return self._floor.restore(here)
