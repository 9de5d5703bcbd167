"""Record of a step of the market's environments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from fxai.rl.environment.batched_env import Step

_SUMS: Final = ("reward", "turnover", "closed_gain", "settled_gain", "exit_gain", "exit_price")
_MARKS: Final = ("closed", "settled", "exited")


@dataclass(frozen=True, slots=True)
class MarketStep(Step):
    """A step with the quantities of a score; every tensor is [lane, env] and belongs to the episode before its end.

    With `env.step_gap` a step is several bars. Then position and equity are those of the last bar; reward, turnover and
    gains are sums over the bars.
    """

    position: Tensor  # after the fills at the open, as a fraction of the largest position
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


def joined_bars(bars: Mapping[str, Tensor], later: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns the numbers of several bars, by their names in MarketStep.

    Args:
        bars: Those of the first bars.
        later: Those of the next bar.
    """
    joined = {name: bars[name] + later[name] for name in _SUMS}
    marks = {name: bars[name] | later[name] for name in _MARKS}
    compounded = later["step_return"] + bars["step_return"] * (1.0 + later["step_return"])
    return {**later, **joined, **marks, "step_return": compounded}
