"""What a step in the market's environments gives."""

from dataclasses import dataclass

from torch import Tensor

from fxai.rl.environment.batched_env import Step


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
