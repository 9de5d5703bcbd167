"""The section `baskets`: how signals become positions, and the costs of trading them."""

from pydantic import Field

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.record import Record


class BasketConfig(Record):
    """The portfolio that scores signals. It is the same for all trials of a study.

    The defaults of size and hold are those of the FinRL Contest 2024, Task 2.
    """

    size: int = Field(
        default=3,
        ge=1,
        le=10_000,
        description="number of instruments that are held long, and of those that are held short",
    )
    hold: int = Field(default=3, ge=1, le=MAX_COUNT, description="number of bars that a basket is held")
    spread: float = Field(
        default=0.0002, ge=0, lt=1, description="full bid-ask spread divided by price; a fill pays half of it"
    )
    slippage_rate: float = Field(
        default=0.0001, ge=0, lt=0.5, description="slippage: adverse change of the price of each fill, as a fraction"
    )
    commission_rate: float = Field(
        default=0.0001, ge=0, lt=1, description="commission as a fraction of the notional of each fill"
    )
    swap_long_rate: float = Field(default=0.0, gt=-1, lt=1, description="cost of a long position per night")
    swap_short_rate: float = Field(default=0.0, gt=-1, lt=1, description="cost of a short position per night")

    def env(self) -> EnvConfig:
        """Returns the rules of trading: these costs, long and short positions, and no limit but a total loss."""
        return EnvConfig(
            drawdown_limit=1.0,
            spread=self.spread,
            slippage_rate=self.slippage_rate,
            commission_rate=self.commission_rate,
            swap_long_rate=self.swap_long_rate,
            swap_short_rate=self.swap_short_rate,
        )
