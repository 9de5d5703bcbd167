"""Record of a step of the market's environments."""

from dataclasses import dataclass

from torch import Tensor

from fxai.rl.environment.batched_env import Step


@dataclass(frozen=True, slots=True)
class MarketStep(Step):
    """A step with the quantities of a score; every tensor is [lane, env] and belongs to the episode before its end."""

    position: Tensor  # after the fills at the open, as a fraction of `position_size`
    equity: Tensor  # after the step; an episode begins with 1
    step_return: Tensor  # equity after the step divided by equity before it, minus 1
    turnover: Tensor  # notional of all fills divided by the equity before the step
    closed: Tensor  # bool: the agent closed a trade
    closed_gain: Tensor  # net gain of that trade as a fraction of the equity before it was opened; else 0
    settled: Tensor  # bool: the end of the episode closed a trade (`close_at_end`)
    settled_gain: Tensor  # as closed_gain
    exited: Tensor  # bool: a trade was closed within the bar, by a stop loss or a take profit
    exit_gain: Tensor  # as closed_gain
    exit_price: Tensor  # of that trade, divided by the open, before spread and slippage; else 0
