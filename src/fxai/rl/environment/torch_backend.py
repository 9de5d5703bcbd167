"""The market's environments as torch operations on all environments together, for GPUs."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fxai.market.rules.rule_records import HOLD
from fxai.rl.environment.account import Accounts, Broker
from fxai.rl.environment.episodes import Episodes
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.market_view import MarketView
from fxai.rl.environment.per_lane import per_lane
from fxai.rl.environment.reward_terms import RewardTerms
from fxai.rl.environment.step_result import MarketStep, joined_bars
from fxai.rl.environment.target_bounds import largest_target, least_target, one_step
from fxai.rl.lanes.active_lanes import is_known_empty
from fxai.rl.lanes.state import prefixed, without_prefix
from fxai.spec.fields.env_config import EnvConfig


class TorchBackend:
    """Steps all environments together; see `market_env.MarketBackend`."""

    def __init__(
        self,
        market: MarketTensors,
        configs: Sequence[EnvConfig],
        envs: int,
        *,
        close_at_end: bool,
        may_hold: bool,
    ) -> None:
        """Prepares the environments; `may_hold` is whether an action may be HOLD."""
        self._may_hold = may_hold
        self._market, self._view, self._close_at_end = market, MarketView(market, configs), close_at_end
        like = market.quotes
        self._broker = Broker(configs, market)
        self._sessions = market.session_codes(configs[0].sessions)
        self._rewards = RewardTerms([config.reward for config in configs], like)
        self._drawdown_limit = per_lane([config.drawdown_limit for config in configs], like)
        self._targets = like.new_tensor(configs[0].target_positions)
        self._increments = configs[0].actions == "increment"
        gaps = [config.step_gap for config in configs]
        self._longest_gap = max(gaps)
        self._gaps = torch.tensor(gaps, device=market.device)[:, None]
        self._least_target = least_target(configs, like)
        self._largest_target = largest_target(configs, like)
        self._fresh = Accounts.fresh(torch.empty(len(configs), envs, dtype=market.dtype, device=market.device))
        self._no_trade = torch.zeros_like(self._fresh.gain, dtype=torch.bool)

    def begin(self, starts: Tensor, ends: Tensor) -> Tensor:
        self._bar, self._end, self._account = starts, ends, self._fresh
        return self._view.observation(self._bar, self._account)

    def step(self, action: Tensor, episodes: Episodes) -> MarketStep:
        starts, ends = episodes.next()
        held = self._account.position
        given = action.relu() if self._may_hold else action
        target = one_step(given - 1, self._targets, held) if self._increments else self._targets[given]
        target = self._allowed(target)
        bars = self._next_bar(torch.where(action == HOLD, held, target) if self._may_hold else target)
        for passed in range(1, self._longest_gap):
            bars = self._continued(bars, passed)
        ended = bars["terminated"] | bars["truncated"]
        final_observation = self._view.observation(self._bar, self._account)
        observation = self._begin_again(ended, starts, ends, final_observation)
        return MarketStep(
            observation=observation,
            final_observation=final_observation,
            reward=bars["reward"],
            terminated=bars["terminated"],
            truncated=bars["truncated"],
            column=bars.__getitem__,
        )

    def _continued(self, bars: Mapping[str, Tensor], passed: int) -> dict[str, Tensor]:
        """Returns the numbers of a step after one more bar, in which positions are held.

        Args:
            bars: The numbers after the first `passed` bars.
            passed: Number of bars. Lanes whose step has no more bars and ended episodes remain as they are.
        """
        waits = bars["terminated"] | bars["truncated"] | (self._gaps <= passed)
        account = self._account
        self._bar = self._bar - waits.to(self._bar.dtype)  # the next bar is then the present one, which exists
        later = self._next_bar(account.position)
        self._account = self._account.reset_where(waits, account)
        return {name: torch.where(waits, bars[name], joined) for name, joined in joined_bars(bars, later).items()}

    def _next_bar(self, target: Tensor) -> dict[str, Tensor]:
        """Trades to `target` [lane, env] in the next bar. Returns the numbers of the bar by name, as MarketStep."""
        before = self._account
        self._bar = self._bar + 1
        quotes = self._market.at(self._bar, self._sessions)
        self._broker.use_costs_at(self._bar)
        outcome = self._broker.step(before, target, quotes)
        terminated = outcome.account.drawdown >= self._drawdown_limit
        truncated = (self._bar == self._end) & ~terminated
        ended = terminated | truncated
        settled, settled_gain = self._no_trade, self._fresh.gain
        if self._close_at_end:
            settlement = self._broker.settle(before, outcome, ended, quotes)
            outcome, settled, settled_gain = settlement.outcome, settlement.settled.bool(), settlement.gain
        self._account = outcome.account
        return {
            "reward": self._rewards(before, outcome, terminated),
            "terminated": terminated,
            "truncated": truncated,
            "position": outcome.position,
            "equity": outcome.account.equity,
            "step_return": outcome.step_return,
            "turnover": outcome.turnover,
            "closed": outcome.closed.bool(),
            "closed_gain": outcome.closed_gain,
            "settled": settled,
            "settled_gain": settled_gain,
            "exited": self._no_trade if outcome.exit is None else outcome.exit.exited.bool(),
            "exit_gain": self._fresh.gain if outcome.exit is None else outcome.exit.gain,
            "exit_price": self._fresh.gain if outcome.exit is None else outcome.exit.price,
        }

    def state(self) -> dict[str, Tensor]:
        return {"bar": self._bar, "end": self._end, **prefixed("account.", self._account.tensors())}

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        self._bar, self._end = state["bar"], state["end"]
        self._account = Accounts.of_state(without_prefix("account.", state))
        return self._view.observation(self._bar, self._account)

    def _allowed(self, target: Tensor) -> Tensor:
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
