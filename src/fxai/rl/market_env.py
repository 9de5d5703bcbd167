"""The trading environment of all lanes as one tensor operation a step.

The rules are those of `market/simulator.py`, the rewards those of `market/reward.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.market.splits import Span
from fxai.rl.account import Account, Broker, per_lane
from fxai.rl.batched_env import Step
from fxai.rl.episodes import Episodes
from fxai.rl.market_tensors import MarketTensors
from fxai.rl.narrowing import none_of
from fxai.rl.reward_terms import RewardTerms
from fxai.spec.env_config import EnvConfig

ACCOUNT_FEATURES = ("position", "gain", "held", "drawdown")
HALF_HELD = 24.0  # bars after which the feature of the holding time stands at one half


@dataclass(frozen=True, slots=True)
class MarketStep(Step):
    """A step with what a score is made of; every tensor is [lane, env], of the episode that was stepped."""

    position: Tensor  # held over the step after its fills: -1, 0, 1
    equity: Tensor  # after the step; an episode begins with 1
    step_return: Tensor  # equity after the step over equity before it, minus 1
    turnover: Tensor  # notional of all fills over the equity before the step
    closed: Tensor  # bool: the agent closed a trade
    closed_gain: Tensor  # its gain, net, as a fraction of the equity before it was opened; else 0
    settled: Tensor  # bool: the episode's end closed a trade (`close_at_end`)
    settled_gain: Tensor  # as closed_gain


class MarketEnv:
    """A BatchedEnv on one market: actions 0, 1, 2 ask for the target positions short, flat, long.

    An observation is [window, feature + 4]: the rows are the last `observation_window` bars, oldest
    first, so that a flattened one feeds an MLP and the rows are tokens of a transformer. The last row,
    which is now, also carries the account; in the rows before it these four columns are 0:
    position; gain of the open trade in percent of its notional; steps held over (steps held + 24);
    drawdown in tens of percent. None of them depends on the reward's coefficients or the episode's
    length, so an agent reads the same in the environment that scores it as in the one it learns in.
    The steps left are not shown: an episode is cut for bookkeeping, the market goes on.

    Where no episode ended, a step's `observation` and `final_observation` may be one tensor.
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
        if len({config.observation_window for config in configs}) != 1:
            raise ValueError("all lanes of an environment share one observation_window")
        window = configs[0].observation_window
        self.lanes, self.envs = len(configs), envs
        self.observation_shape: tuple[int, ...] = (window, market.features.shape[1] + len(ACCOUNT_FEATURES))
        self._market, self._close_at_end = market, close_at_end
        like = market.quotes
        self._broker = Broker(configs, market)
        self._rewards = RewardTerms([config.reward for config in configs], like)
        self._drawdown_limit = per_lane([config.drawdown_limit for config in configs], like)
        self._account_scale = _account_scale(configs, like)
        self._least_target = _least_target(configs, like)
        self._windows = _windows(market.features, window)
        seeds = seeds.to(market.device)
        steps = [config.max_episode_steps for config in configs]
        self._episodes = Episodes(span, window=window, steps=steps, seeds=seeds, envs=envs, starts=starts)
        self._fresh = Account.fresh(torch.empty(self.lanes, envs, dtype=market.dtype, device=market.device))
        self._no_trade = torch.zeros_like(self._fresh.gain, dtype=torch.bool)
        self.reset()

    def reset(self) -> Tensor:
        self._account = self._fresh
        self._bar = self._episodes.starts()
        self._end = self._episodes.ends(self._bar)
        return self._observe()

    def foresee(self, steps: int) -> None:
        self._episodes.foresee(steps)

    def step(self, action: Tensor) -> MarketStep:
        before = self._account
        self._bar = self._bar + 1
        quotes = self._market.at(self._bar)
        outcome = self._broker.step(before, self._target(action), quotes)
        terminated = outcome.account.drawdown >= self._drawdown_limit
        truncated = (self._bar == self._end) & ~terminated
        ended = terminated | truncated
        position = outcome.account.position
        settled, settled_gain = self._no_trade, self._fresh.gain
        if self._close_at_end:
            settlement = self._broker.settle(before, outcome, ended, quotes)
            outcome, settled, settled_gain = settlement.outcome, settlement.settled.bool(), settlement.gain
        self._account = outcome.account
        final_observation = self._observe()
        return MarketStep(
            observation=self._begin_again(ended, final_observation),
            final_observation=final_observation,
            reward=self._rewards(before, outcome, terminated),
            terminated=terminated,
            truncated=truncated,
            position=position,
            equity=outcome.account.equity,
            step_return=outcome.step_return,
            turnover=outcome.turnover,
            closed=outcome.closed.bool(),
            closed_gain=outcome.closed_gain,
            settled=settled,
            settled_gain=settled_gain,
        )

    def state(self) -> dict[str, Tensor]:
        return {
            "bar": self._bar,
            "end": self._end,
            "starts_drawn": self._episodes.step,
            **{f"account.{name}": tensor for name, tensor in self._account.tensors().items()},
        }

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        here = {name: tensor.to(self._market.device) for name, tensor in state.items()}
        self._bar, self._end = here["bar"], here["end"]
        self._episodes.go_to(here["starts_drawn"])
        self._account = Account(**{name: here[f"account.{name}"] for name in self._account.tensors()})
        return self._observe()

    def _target(self, action: Tensor) -> Tensor:
        target = action.to(self._market.dtype) - 1.0
        return target if self._least_target is None else torch.maximum(target, self._least_target)

    def _begin_again(self, ended: Tensor, observation: Tensor) -> Tensor:
        """New episodes where `ended`; returns the observations to act on next."""
        starts = self._episodes.starts()
        if none_of(ended):
            return observation
        self._bar = torch.where(ended, starts, self._bar)
        self._end = torch.where(ended, self._episodes.ends(starts), self._end)
        self._account = self._account.renewed(ended, self._fresh)
        return self._observe()

    def _observe(self) -> Tensor:
        account = self._account
        observation = self._windows[self._bar].reshape(self.lanes, self.envs, *self.observation_shape)
        columns = (account.position, account.gain, account.held / (account.held + HALF_HELD), account.drawdown)
        observation[..., -1, -len(columns) :] = torch.stack(columns, dim=-1) * self._account_scale
        return observation


def _account_scale(configs: Sequence[EnvConfig], like: Tensor) -> Tensor:
    """Factors [lane, 1, 4] that bring the account's features to the size of standardized ones."""
    factors = [(1.0, 100.0 / config.position_size, 1.0, 10.0) for config in configs]
    return torch.tensor(factors, dtype=like.dtype, device=like.device)[:, None]


def _least_target(configs: Sequence[EnvConfig], like: Tensor) -> Tensor | None:
    """The lowest position that each lane may take, [lane, 1]; None where all may be short."""
    if all(config.allow_short for config in configs):
        return None
    return per_lane([-1.0 if config.allow_short else 0.0 for config in configs], like)


def _windows(features: Tensor, window: int) -> Tensor:
    """For each bar the flattened rows of its window, [bar, window * (feature + 4)], as overlapping views.

    The account's columns are 0. The first bars, whose window is not full, see rows of zeros.
    """
    columns = features.shape[1] + len(ACCOUNT_FEATURES)
    rows = features.new_zeros(len(features) + window - 1, columns)
    rows[window - 1 :, : features.shape[1]] = features
    return rows.flatten().unfold(0, window * columns, columns)
