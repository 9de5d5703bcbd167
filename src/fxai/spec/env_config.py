"""The trading environment: costs, limits, and what the agent is rewarded for."""

from pydantic import Field

from fxai.spec.defaults import MOST
from fxai.spec.record import Record


class RewardConfig(Record):
    """The reward of one step: a sum of terms, each with its coefficient.

    The default is what an account earns, in percent, and a penalty for ruining it. The shaping terms are
    off until a spec or a search turns them on, since trials are scored by the study's own reward: a bonus
    in it would be earned in place of money.
    `market/reward.py` states every term's formula and unit. The thresholds of the guide were made for
    volatile small stocks; these defaults are scaled to FX, where a bar moves by a tenth of a percent.
    """

    pnl_coefficient: float = Field(default=100.0, ge=0, description="times the step's return")
    holding_penalty_coefficient: float = Field(
        default=0.0, ge=0, description="per step, times the share held beyond max_holding_time_steps"
    )
    max_holding_time_steps: int = Field(
        default=180, ge=1, le=MOST, description="steps that a trade may last unpunished"
    )
    drawdown_penalty_coefficient: float = Field(
        default=0.0, ge=0, description="per step, times the drawdown from the equity's peak"
    )
    bankruptcy_penalty_coefficient: float = Field(
        default=50.0, ge=0, description="once, when drawdown_limit ends the episode"
    )
    profit_giveback_penalty_coefficient: float = Field(
        default=0.0, ge=0, description="per step, times the gain given back too much"
    )
    profit_giveback_threshold: float = Field(
        default=0.3, ge=0, le=1, description="share of its best gain that an open trade may give back"
    )
    max_drawdown_penalty_coefficient: float = Field(
        default=0.0, ge=0, description="per step, times the open trade's worst loss beyond the threshold"
    )
    max_drawdown_threshold_percent: float = Field(
        default=0.005, ge=0, description="a fraction of equity: 0.005 is half a percent"
    )
    profit_closing_bonus_coefficient: float = Field(
        default=0.0, ge=0, description="times the gain of a trade closed in profit"
    )
    clean_trade_coefficient: float = Field(default=0.0, ge=0, description="most that a clean trade's closing earns")
    base_multiplier: float = Field(
        default=200.0,
        ge=0,
        description="a clean trade that gained 1 / base_multiplier earns half of clean_trade_coefficient",
    )
    min_gain_threshold: float = Field(
        default=0.001, ge=0, description="a clean trade gains more than this fraction of equity"
    )
    max_mae_threshold: float = Field(
        default=0.002, ge=0, description="a clean trade never lost more than this fraction of equity"
    )
    activity_bonus_per_trade: float = Field(default=0.0, ge=0, description="for each trade opened")
    hold_penalty_per_step: float = Field(
        default=0.0, ge=0, description="for each step that keeps the position, open or flat"
    )
    action_penalty_coefficient: float = Field(default=0.0, ge=0, description="for each fill; a flip is two")
    quick_profit_bonus_coefficient: float = Field(
        default=0.0, ge=0, description="times gain at closing, times the share of max_holding_time_steps left"
    )


class EnvConfig(Record):
    """Rules of the market for the agent; rates are fractions of the traded notional."""

    max_episode_steps: int = Field(default=256, ge=2, le=MOST, description="bars of a training episode at most")
    observation_window: int = Field(default=8, ge=1, le=100_000, description="bars that the agent sees")
    position_size: float = Field(default=1.0, gt=0, description="notional over equity when a position opens")
    allow_short: bool = Field(default=True, description="whether the agent may sell what it does not hold")
    drawdown_limit: float = Field(
        default=0.5, gt=0, le=1, description="fall of equity from its peak that ends the episode"
    )
    spread: float = Field(default=0.0001, ge=0, lt=1, description="full bid-ask spread over price; half per fill")
    slippage_rate: float = Field(default=0.00001, ge=0, lt=0.5, description="adverse move of each fill's price")
    commission_rate: float = Field(default=0.00002, ge=0, lt=1, description="of the notional of each fill")
    swap_long_rate: float = Field(default=0.0, gt=-1, lt=1, description="paid by a long per night; negative: received")
    swap_short_rate: float = Field(
        default=0.0, gt=-1, lt=1, description="paid by a short per night; negative: received"
    )
    reward: RewardConfig = Field(default_factory=RewardConfig, description="what the agent is rewarded for")
