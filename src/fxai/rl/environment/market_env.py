"""The trading environments of all lanes.

The rules are those of `market/rules/rules.py`, the rewards those of `market/rules/reward.py`. On a CPU a loop compiled
by numba calls these functions. On a GPU torch operations implement them; tests compare both.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from torch import Tensor

from fxai.rl.environment.account_features import observation_shape
from fxai.rl.environment.compiled_market import CompiledMarket
from fxai.rl.environment.episodes import Episodes
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.numba_backend import NumbaBackend
from fxai.rl.environment.random_starts import Spans
from fxai.rl.environment.step_result import MarketStep
from fxai.rl.environment.torch_backend import TorchBackend
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.spec.fields.env_config import EnvConfig


class MarketBackend(Protocol):
    """Implementation of environments [lane, env], each with an account and a current bar of an episode."""

    def begin(self, starts: Tensor, ends: Tensor) -> Tensor:
        """Begins episodes from first to last bars [lane, env] with fresh accounts. Returns observations."""
        ...

    def step(self, action: Tensor, episodes: Episodes) -> MarketStep:
        """Takes actions [lane, env] (int64). Where an episode ends, the next one of `episodes` begins."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Returns the tensors that change between steps. They are valid until the next step."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        """Restores a state. Returns its observations."""
        ...


class MarketEnv:
    """A BatchedEnv on one market. An action is an index of `env.positions`: by default short, flat, long.

    With `actions: increment` the actions are to sell one step, to hold and to buy one step. With `step_gap` a step is
    several bars: the action is an order for the first of them, and the step ends earlier if the episode does.

    `market_view.py` defines an observation. If no episode ended in a step, its `observation` and `final_observation`
    may be the same tensor.
    """

    def __init__(
        self,
        market: MarketTensors,
        span: Spans,
        configs: Sequence[EnvConfig],
        seeds: Tensor,
        envs: int,
        *,
        starts: Tensor | None = None,
        ends: Tensor | None = None,
        close_at_end: bool = False,
        each_bar: bool = False,
    ) -> None:
        """Creates environments on the bars of `span`, one lane for each config.

        Episodes with random starts and their windows are within one span. Given starts may be anywhere in the span, and
        their windows may begin before the span, so that agents with different windows are scored on the same bars.

        Args:
            market: The market.
            span: The bars of the episodes, for all lanes or for each lane.
            configs: The configuration of each lane.
            seeds: [lane] int64.
            envs: Number of environments per lane.
            starts: Bar at which each episode begins [lane, env] int64; by default random.
            ends: Last bar [lane, env] of episodes with given starts; by default after `max_episode_steps`.
            close_at_end: Whether a position that is open at the end of an episode is closed, with costs, for scoring.
            each_bar: Whether a step is one bar whatever `step_gap` is. The action HOLD then orders nothing.

        Raises:
            DataError: The span is too short for a step.
            ValueError: Starts are outside the span, or the configs have different windows, positions,
                sessions, actions, sizings or fills.
        """
        if len({config.target_positions for config in configs}) != 1:
            raise ValueError("all lanes of an environment must have the same positions")
        if each_bar:
            configs = [config.model_copy(update={"step_gap": 1}) for config in configs]
        for name in ("sessions", "actions", "sizing", "fill"):
            if len({getattr(config, name) for config in configs}) != 1:
                raise ValueError(f"all lanes of an environment must have the same {name}")
        self.lanes, self.envs = len(configs), envs
        self.actions = configs[0].action_count
        self.observation_shape: tuple[int, ...] = observation_shape(market.features.shape[1], configs)
        self._device = market.device
        self._episodes = Episodes(
            span,
            window=configs[0].observation_window,
            steps=[config.max_episode_steps for config in configs],
            seeds=seeds.to(market.device),
            envs=envs,
            starts=starts,
            ends=ends,
        )
        self._floor: MarketBackend
        if runs_on_kernels(market.quotes):
            self._floor = NumbaBackend(CompiledMarket(market.table, configs, close_at_end=close_at_end))
        else:
            self._floor = TorchBackend(market, configs, envs, close_at_end=close_at_end, may_hold=each_bar)
        self.reset()

    def reset(self) -> Tensor:
        return self._floor.begin(*self._episodes.next())

    def draw_ahead(self, steps: int) -> None:
        self._episodes.draw_ahead(steps)

    def step(self, action: Tensor) -> MarketStep:
        return self._floor.step(action, self._episodes)

    def state(self) -> dict[str, Tensor]:
        return {"starts_drawn": self._episodes.step, **self._floor.state()}

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        here = {name: tensor.to(self._device) for name, tensor in state.items()}
        self._episodes.set_step(here.pop("starts_drawn"))
        return self._floor.restore(here)
