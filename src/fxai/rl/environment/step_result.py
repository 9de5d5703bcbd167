"""Record of a step of the market's environments."""

from collections.abc import Callable, Mapping
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

    column: Callable[[str], Tensor]  # a quantity by its name; training reads none of them

    @property
    def position(self) -> Tensor:
        """After the fills at the open, as a fraction of the largest position."""
        return self.column("position")

    @property
    def equity(self) -> Tensor:
        """After the step; an episode begins with 1."""
        return self.column("equity")

    @property
    def step_return(self) -> Tensor:
        """Equity after the step divided by equity before it, minus 1."""
        return self.column("step_return")

    @property
    def turnover(self) -> Tensor:
        """Notional of all fills divided by the equity before the step."""
        return self.column("turnover")

    @property
    def closed(self) -> Tensor:
        """Bool: the agent closed a trade."""
        return self.column("closed")

    @property
    def closed_gain(self) -> Tensor:
        """Net gain of that trade as a fraction of the equity before it was opened; else 0."""
        return self.column("closed_gain")

    @property
    def settled(self) -> Tensor:
        """Bool: the end of the episode closed a trade (`close_at_end`)."""
        return self.column("settled")

    @property
    def settled_gain(self) -> Tensor:
        """As `closed_gain`."""
        return self.column("settled_gain")

    @property
    def exited(self) -> Tensor:
        """Bool: a trade was closed within the bar, by a stop loss or a take profit."""
        return self.column("exited")

    @property
    def exit_gain(self) -> Tensor:
        """As `closed_gain`."""
        return self.column("exit_gain")

    @property
    def exit_price(self) -> Tensor:
        """Of that trade, divided by the open, before spread and slippage; else 0."""
        return self.column("exit_price")


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
