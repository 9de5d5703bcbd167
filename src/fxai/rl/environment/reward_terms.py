"""The reward terms of `market/rules/reward.py` as torch operations for all lanes, each lane with its own coefficients.

`market/rules/reward.py` defines the formulas and units. A property test compares both implementations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from fxai.rl.environment.account import Accounts, AccountStep
from fxai.rl.environment.per_lane import per_lane
from fxai.spec.fields.env_config import RewardConfig


@dataclass(frozen=True, slots=True)
class _ClosedTrade:
    """The quantities of a closed trade, each [lane, env]."""

    profit: Tensor  # gain of the trade; 0 for a loss or without a trade
    worst: Tensor  # lowest gain at a bar's close
    held: Tensor  # steps


@dataclass(frozen=True, slots=True)
class _Step:
    """The quantities of the terms."""

    before: Accounts
    outcome: AccountStep
    terminated: Tensor  # [lane, env] bool
    reward: Mapping[str, Tensor]  # the fields of RewardConfig, each [lane, 1]

    def of_closed(self, term: Callable[[_ClosedTrade], Tensor]) -> Tensor:
        """Returns the sum of a term over the trades closed in this step: by the agent, and within the bar."""
        by_agent = term(_ClosedTrade(self.outcome.closed_gain.relu(), self.before.worst, self.before.held))
        if (exit_ := self.outcome.exit) is None:
            return by_agent
        return by_agent + term(_ClosedTrade(exit_.gain.relu(), exit_.worst, exit_.held))


def _pnl(step: _Step) -> Tensor:
    return step.outcome.step_return


def _holding(step: _Step) -> Tensor:
    return -(step.outcome.account.held / step.reward["max_holding_time_steps"] - 1.0).relu()


def _drawdown(step: _Step) -> Tensor:
    return -step.outcome.account.drawdown


def _bankruptcy(step: _Step) -> Tensor:
    return -step.terminated.to(step.outcome.step_return.dtype)


def _profit_giveback(step: _Step) -> Tensor:
    account = step.outcome.account
    kept = (1.0 - step.reward["profit_giveback_threshold"]) * account.best
    return -(kept - account.gain.relu()).relu()


def _max_drawdown(step: _Step) -> Tensor:
    worst_loss = -step.outcome.account.worst
    return -(worst_loss - step.reward["max_drawdown_threshold_percent"]).relu()


def _profit_closing(step: _Step) -> Tensor:
    return step.of_closed(lambda trade: trade.profit)


def _clean_trade(step: _Step) -> Tensor:
    def bonus(trade: _ClosedTrade) -> Tensor:
        gained = trade.profit > step.reward["min_gain_threshold"]
        clean = -trade.worst <= step.reward["max_mae_threshold"]
        scaled = step.reward["base_multiplier"] * trade.profit
        return scaled / (1.0 + scaled) * (gained & clean)

    return step.of_closed(bonus)


def _activity(step: _Step) -> Tensor:
    return step.outcome.opened


def _hold(step: _Step) -> Tensor:
    traded = step.outcome.traded
    return (traded if step.outcome.exit is None else torch.maximum(traded, step.outcome.exit.exited)) - 1.0


def _action(step: _Step) -> Tensor:
    fills = step.outcome.opened + step.outcome.closed + step.outcome.resized
    return -(fills if step.outcome.exit is None else fills + step.outcome.exit.exited)


def _quick_profit(step: _Step) -> Tensor:
    limit = step.reward["max_holding_time_steps"]
    return step.of_closed(lambda trade: trade.profit * (1.0 - trade.held / limit).relu())


_TERMS: dict[str, Callable[[_Step], Tensor]] = {
    "pnl_coefficient": _pnl,
    "holding_penalty_coefficient": _holding,
    "drawdown_penalty_coefficient": _drawdown,
    "bankruptcy_penalty_coefficient": _bankruptcy,
    "profit_giveback_penalty_coefficient": _profit_giveback,
    "max_drawdown_penalty_coefficient": _max_drawdown,
    "profit_closing_bonus_coefficient": _profit_closing,
    "clean_trade_coefficient": _clean_trade,
    "activity_bonus_per_trade": _activity,
    "hold_penalty_per_step": _hold,
    "action_penalty_coefficient": _action,
    "quick_profit_bonus_coefficient": _quick_profit,
}


class RewardTerms:
    """Sums the terms whose coefficient is not 0 in all lanes. A term with coefficient 0 adds 0 to its lane."""

    def __init__(self, rewards: Sequence[RewardConfig], like: Tensor) -> None:
        self._reward = {
            name: per_lane([float(getattr(reward, name)) for reward in rewards], like)
            for name in RewardConfig.model_fields
        }
        self._terms = [
            (self._reward[name], term)
            for name, term in _TERMS.items()
            if any(getattr(reward, name) for reward in rewards)
        ]

    def __call__(self, before: Accounts, outcome: AccountStep, terminated: Tensor) -> Tensor:
        """Returns the rewards [lane, env] of a step; `before` are the accounts before it."""
        step = _Step(before, outcome, terminated, self._reward)
        paid = [coefficient * term(step) for coefficient, term in self._terms]
        return reduce(torch.add, paid) if paid else torch.zeros_like(outcome.step_return)
