"""The trading environment: costs, limits, and what the agent is rewarded for."""

from pydantic import Field

from fxai.spec.record import Record


class RewardConfig(Record):
    """The reward of one step: a sum of terms, each with its coefficient.

    `market/reward.py` states every term's formula and unit. The thresholds of the guide were made for
    volatile small stocks; these defaults are scaled to FX, where a bar moves by a tenth of a percent.
    """

    pnl_coefficient: float = Field(default=100.0, ge=0)
    holding_penalty_coefficient: float = Field(default=0.0, ge=0)
    max_holding_time_steps: int = Field(default=180, ge=1)
    drawdown_penalty_coefficient: float = Field(default=0.0, ge=0)
    bankruptcy_penalty_coefficient: float = Field(default=50.0, ge=0)
    profit_giveback_penalty_coefficient: float = Field(default=0.0, ge=0)
    profit_giveback_threshold: float = Field(default=0.3, ge=0, le=1)
    max_drawdown_penalty_coefficient: float = Field(default=0.0, ge=0)
    max_drawdown_threshold_percent: float = Field(default=0.005, ge=0)
    profit_closing_bonus_coefficient: float = Field(default=0.0, ge=0)
    clean_trade_coefficient: float = Field(default=0.0, ge=0)
    base_multiplier: float = Field(default=20.0, ge=0)
    min_gain_threshold: float = Field(default=0.001, ge=0)
    max_mae_threshold: float = Field(default=0.002, ge=0)
    activity_bonus_per_trade: float = Field(default=0.0, ge=0)
    hold_penalty_per_step: float = Field(default=0.0, ge=0)
    action_penalty_coefficient: float = Field(default=0.0, ge=0)
    quick_profit_bonus_coefficient: float = Field(default=0.0, ge=0)


class EnvConfig(Record):
    """Rules of the market for the agent; rates are fractions of the traded notional."""

    max_episode_steps: int = Field(default=256, ge=2)
    observation_window: int = Field(default=8, ge=1, description="bars that the agent sees")
    position_size: float = Field(default=1.0, gt=0, description="notional over equity when a position opens")
    allow_short: bool = True
    drawdown_limit: float = Field(
        default=0.5, gt=0, le=1, description="fall of equity from its peak that ends the episode"
    )
    spread: float = Field(default=0.0001, ge=0, lt=1, description="full bid-ask spread over price; half per fill")
    slippage_rate: float = Field(default=0.00001, ge=0, lt=1, description="adverse move of each fill's price")
    commission_rate: float = Field(default=0.00002, ge=0, lt=1, description="of the notional of each fill")
    swap_long_rate: float = Field(default=0.0, gt=-1, lt=1, description="paid by a long per night; negative: received")
    swap_short_rate: float = Field(
        default=0.0, gt=-1, lt=1, description="paid by a short per night; negative: received"
    )
    reward: RewardConfig = Field(default_factory=RewardConfig)
