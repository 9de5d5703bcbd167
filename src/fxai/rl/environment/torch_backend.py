"""The market's environments as torch operations on all environments together, for GPUs."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fxai.rl.environment.account import Accounts, Broker
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.market_view import MarketView
from fxai.rl.environment.per_lane import per_lane
from fxai.rl.environment.reward_terms import RewardTerms
from fxai.rl.environment.step_result import MarketStep
from fxai.rl.lanes.active_lanes import is_known_empty
from fxai.rl.lanes.state import prefixed, without_prefix
from fxai.spec.fields.env_config import EnvConfig


class TorchBackend:
    """Steps all environments together; see `market_env.MarketBackend`."""

    def __init__(
        self, market: MarketTensors, view: MarketView, configs: Sequence[EnvConfig], envs: int, *, close_at_end: bool
    ) -> None:
        self._market, self._view, self._close_at_end = market, view, close_at_end
        like = market.quotes
        self._broker = Broker(configs, market)
        self._sessions = market.session_codes(configs[0].sessions)
        self._rewards = RewardTerms([config.reward for config in configs], like)
        self._drawdown_limit = per_lane([config.drawdown_limit for config in configs], like)
        self._targets = like.new_tensor(configs[0].target_positions)
        self._least_target = _least_target(configs, like)
        self._largest_target = _largest_target(configs, like)
        self._fresh = Accounts.fresh(torch.empty(len(configs), envs, dtype=market.dtype, device=market.device))
        self._no_trade = torch.zeros_like(self._fresh.gain, dtype=torch.bool)

    def begin(self, starts: Tensor, ends: Tensor) -> Tensor:
        self._bar, self._end, self._account = starts, ends, self._fresh
        return self._view.observation(self._bar, self._account)

    def step(self, action: Tensor, starts: Tensor, ends: Tensor) -> MarketStep:
        before = self._account
        self._bar = self._bar + 1
        quotes = self._market.at(self._bar, self._sessions)
        self._broker.use_costs_at(self._bar)
        outcome = self._broker.step(before, self._target(action), quotes)
        terminated = outcome.account.drawdown >= self._drawdown_limit
        truncated = (self._bar == self._end) & ~terminated
        ended = terminated | truncated
        settled, settled_gain = self._no_trade, self._fresh.gain
        if self._close_at_end:
            settlement = self._broker.settle(before, outcome, ended, quotes)
            outcome, settled, settled_gain = settlement.outcome, settlement.settled.bool(), settlement.gain
        self._account = outcome.account
        final_observation = self._view.observation(self._bar, self._account)
        return MarketStep(
            observation=self._begin_again(ended, starts, ends, final_observation),
            final_observation=final_observation,
            reward=self._rewards(before, outcome, terminated),
            terminated=terminated,
            truncated=truncated,
            position=outcome.position,
            equity=outcome.account.equity,
            step_return=outcome.step_return,
            turnover=outcome.turnover,
            closed=outcome.closed.bool(),
            closed_gain=outcome.closed_gain,
            settled=settled,
            settled_gain=settled_gain,
            exited=self._no_trade if outcome.exit is None else outcome.exit.exited.bool(),
            exit_gain=self._fresh.gain if outcome.exit is None else outcome.exit.gain,
            exit_price=self._fresh.gain if outcome.exit is None else outcome.exit.price,
        )

    def state(self) -> dict[str, Tensor]:
        return {"bar": self._bar, "end": self._end, **prefixed("account.", self._account.tensors())}

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        self._bar, self._end = state["bar"], state["end"]
        self._account = Accounts.of_state(without_prefix("account.", state))
        return self._view.observation(self._bar, self._account)

    def _target(self, action: Tensor) -> Tensor:
        target = self._targets[action]
        if self._least_target is not None:
            target = torch.maximum(target, self._least_target)
        return target if self._largest_target is None else torch.minimum(target, self._largest_target)

    def _begin_again(self, ended: Tensor, starts: Tensor, ends: Tensor, observation: Tensor) -> Tensor:
        """Begins new episodes where `ended`. Returns the observations for the next actions."""
        if is_known_empty(ended):
            return observation
        self._bar = torch.where(ended, starts, self._bar)
        self._end = torch.where(ended, ends, self._end)
        self._account = self._account.reset_where(ended, self._fresh)
        return self._view.observation(self._bar, self._account)


def _least_target(configs: Sequence[EnvConfig], like: Tensor) -> Tensor | None:
    """Returns the lowest position of each lane [lane, 1]; None if all lanes allow all short positions."""
    if all(config.allow_short and config.leverage is None for config in configs):
        return None
    return per_lane([max(-1.0, -config.largest_target) if config.allow_short else 0.0 for config in configs], like)


def _largest_target(configs: Sequence[EnvConfig], like: Tensor) -> Tensor | None:
    """Returns the largest position of each lane [lane, 1]; None without margin."""
    if all(config.leverage is None for config in configs):
        return None
    return per_lane([config.largest_target for config in configs], like)
