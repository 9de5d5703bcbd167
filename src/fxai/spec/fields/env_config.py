"""The section `env`: costs, limits and reward of the trading environment."""

import math
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.instrument_costs import CostsByName
from fxai.spec.fields.record import LATER, Record
from fxai.spec.fields.session_config import SessionConfig, as_sessions

SHORT_FLAT_LONG: Final = (-1, 0, 1)
"""Target positions of an agent without `env.positions`."""

STEPS: Final = (-1, 0, 1)
"""Steps of the actions along the positions with `actions: increment`: sell, hold, buy."""

_STOP_OUT_LEVEL: Final = 0.5
_INITIAL_CASH: Final = 1_000_000.0
_WHOLE: Final = 1e-9  # distance from a whole number up to which units are whole

Actions = Literal["target", "increment"]
"""What an action is: a target position, or a step along the list of positions."""

Sizing = Literal["equity_share", "units"]
"""The meaning of a position of 1: `position_size` times the equity, or `max_position` units."""

Fill = Literal["open", "mid_with_slippage", "walk_the_book"]
"""The price of a fill."""


def _is_absent(value: object) -> bool:
    """Whether a field is left out of what is written, so that checkpoints of earlier releases are continued."""
    return value is None


def _as_positions(positions: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuses positions that do not increase or have no 0. Whole numbers become int, which is how people write them."""
    if positions is None:
        return None
    if any(second <= first for first, second in pairwise(positions)):
        raise ValueError("must increase from the first position to the last, such as [-1, -0.5, 0, 0.5, 1]")
    if 0 not in positions:
        raise ValueError("must contain 0, the position without a trade, such as [-1, -0.5, 0, 0.5, 1]")
    return tuple(int(position) if position == int(position) else position for position in positions)


Position = Annotated[float, Field(ge=-1, le=1)]


class RewardConfig(Record):
    """The reward of one step: a sum of terms, each with its coefficient.

    The default is the return of the account in percent, and a penalty for bankruptcy. The shaping terms are off by
    default, because trials are scored with the reward in the study's `training_config`, and a shaping term would
    raise the score without a profit. `market/rules/reward.py` states the formula and the unit of each term.
    The guide's thresholds suit volatile small stocks. These defaults are scaled to FX, where a bar moves by 0.1 %.
    """

    pnl_coefficient: float = Field(default=100.0, ge=0, description="multiplies the return of the step")
    holding_penalty_coefficient: float = Field(
        default=0.0,
        ge=0,
        description="penalty per step, times the holding time beyond max_holding_time_steps as a share of it",
    )
    max_holding_time_steps: int = Field(
        default=180, ge=1, le=MAX_COUNT, description="steps that a trade may last without penalty"
    )
    drawdown_penalty_coefficient: float = Field(
        default=0.0, ge=0, description="penalty per step, times the drawdown of equity from its peak"
    )
    bankruptcy_penalty_coefficient: float = Field(
        default=50.0, ge=0, description="penalty, once, when drawdown_limit ends the episode"
    )
    profit_giveback_penalty_coefficient: float = Field(
        default=0.0, ge=0, description="penalty per step, times the gain given back beyond profit_giveback_threshold"
    )
    profit_giveback_threshold: float = Field(
        default=0.3, ge=0, le=1, description="share of its best gain that an open trade may give back without penalty"
    )
    max_drawdown_penalty_coefficient: float = Field(
        default=0.0,
        ge=0,
        description="penalty per step, times the worst loss of the open trade beyond max_drawdown_threshold_percent",
    )
    max_drawdown_threshold_percent: float = Field(
        default=0.005,
        ge=0,
        description="loss of an open trade without penalty, as a fraction of equity: 0.005 is half a percent",
    )
    profit_closing_bonus_coefficient: float = Field(
        default=0.0, ge=0, description="multiplies the gain of a trade that is closed with a profit"
    )
    clean_trade_coefficient: float = Field(default=0.0, ge=0, description="largest bonus for closing a clean trade")
    base_multiplier: float = Field(
        default=200.0,
        ge=0,
        description="a clean trade with a gain of 1 / base_multiplier earns half of clean_trade_coefficient",
    )
    min_gain_threshold: float = Field(
        default=0.001, ge=0, description="gain that a clean trade must exceed, as a fraction of equity"
    )
    max_mae_threshold: float = Field(
        default=0.002,
        ge=0,
        description="largest interim loss of a clean trade (maximum adverse excursion), as a fraction of equity",
    )
    activity_bonus_per_trade: float = Field(default=0.0, ge=0, description="bonus for each trade that is opened")
    hold_penalty_per_step: float = Field(
        default=0.0, ge=0, description="penalty for each step without a change of position, open or flat"
    )
    action_penalty_coefficient: float = Field(
        default=0.0, ge=0, description="penalty for each fill; a change from long to short has two"
    )
    quick_profit_bonus_coefficient: float = Field(
        default=0.0,
        ge=0,
        description="multiplies the gain of a closed trade times the unused share of max_holding_time_steps",
    )

    @property
    def is_shaped(self) -> bool:
        """Whether the reward has a term besides the return and the bankruptcy."""
        return any(getattr(self, name) != 0 for name in _SHAPING)


_SHAPING: Final = (
    "holding_penalty_coefficient",
    "drawdown_penalty_coefficient",
    "profit_giveback_penalty_coefficient",
    "max_drawdown_penalty_coefficient",
    "profit_closing_bonus_coefficient",
    "clean_trade_coefficient",
    "activity_bonus_per_trade",
    "hold_penalty_per_step",
    "action_penalty_coefficient",
    "quick_profit_bonus_coefficient",
)
"""Coefficients of `RewardConfig` that are 0 by default."""


class EnvConfig(Record):
    """Rules of the market for the agent. Rates are fractions of the traded notional."""

    max_episode_steps: int = Field(default=256, ge=2, le=MAX_COUNT, description="most bars of a training episode")
    observation_window: int = Field(default=8, ge=1, le=100_000, description="number of bars in an observation")
    position_size: float = Field(default=1.0, gt=0, description="notional divided by equity when a position is opened")
    positions: Annotated[tuple[Position, ...] | None, AfterValidator(_as_positions), LATER] = Field(
        default=None,
        min_length=2,
        max_length=100,
        exclude_if=_is_absent,
        description="target positions that the agent chooses from, as fractions of position_size from -1 to 1 in "
        "increasing order, such as [-1, -0.5, 0, 0.5, 1]; by default short, flat and long",
    )
    actions: Annotated[Actions, LATER] = Field(
        default="target",
        exclude_if=lambda value: value == "target",
        description="target: an action is one of the positions; increment: there are three actions, sell one step, "
        "hold and buy one step along the positions",
    )
    step_gap: Annotated[int, LATER] = Field(
        default=1,
        ge=1,
        le=10_000,
        exclude_if=lambda bars: bars == 1,
        description="bars from one decision of the agent to the next; the order is filled at the bar after the "
        "decision, and between decisions the position is held",
    )
    sizing: Annotated[Sizing, LATER] = Field(
        default="equity_share",
        exclude_if=lambda value: value == "equity_share",
        description="equity_share: a position is a share of the equity; units: a whole number of units of the "
        "instrument, up to max_position",
    )
    initial_cash: Annotated[float, LATER] = Field(
        default=_INITIAL_CASH,
        gt=0,
        exclude_if=lambda cash: cash == _INITIAL_CASH,
        description="cash at the start of an episode, in the currency of the prices; for sizing: units",
    )
    max_position: Annotated[int, LATER] = Field(
        default=1,
        ge=1,
        le=50,
        exclude_if=lambda units: units == 1,
        description="largest number of units of a position, long or short; for sizing: units. Without positions the "
        "agent chooses among all numbers of units",
    )
    fill: Annotated[Fill, LATER] = Field(
        default="open",
        exclude_if=lambda value: value == "open",
        description="price of a fill. open: the next open, moved by half the spread and slippage_rate; "
        "mid_with_slippage: the next open, which of order-book snapshots is the midpoint, moved by slippage_rate alone"
        "; walk_the_book: the mean price of the levels of the next snapshot that an order of units takes, moved by "
        "slippage_rate",
    )
    leverage: Annotated[float | None, LATER] = Field(
        default=None,
        ge=1,
        exclude_if=_is_absent,
        description="largest notional of a position divided by the equity, which is 1 / margin rate; larger orders are "
        "cut; by default no margin is needed",
    )
    stop_out_level: Annotated[float, LATER] = Field(
        default=_STOP_OUT_LEVEL,
        gt=0,
        lt=1,
        exclude_if=lambda level: level == _STOP_OUT_LEVEL,
        description="equity divided by used margin at which the position is closed within the bar; needs leverage",
    )
    sessions: Annotated[
        Annotated[tuple[SessionConfig, ...], Field(min_length=1)] | None, BeforeValidator(as_sessions), LATER
    ] = Field(
        default=None,
        exclude_if=_is_absent,
        description="sessions outside which no order opens or increases a position; by default all bars",
    )
    flat_by_close: Annotated[bool, LATER] = Field(
        default=False,
        exclude_if=lambda value: value is False,
        description="whether a position is closed at the close of the last bar of a session; needs sessions",
    )
    allow_short: bool = Field(
        default=True, description="whether the agent may sell short; if false, negative target positions are flat"
    )
    stop_loss: Annotated[float | None, LATER] = Field(
        default=None,
        gt=0,
        lt=1,
        exclude_if=_is_absent,
        description="distance of the stop loss from the entry price, as a fraction of it: 0.01 is one percent; none by "
        "default",
    )
    take_profit: Annotated[float | None, LATER] = Field(
        default=None,
        gt=0,
        exclude_if=_is_absent,
        description="distance of the take profit from the entry price, as a fraction of it; none by default",
    )
    drawdown_limit: float = Field(
        default=0.5, gt=0, le=1, description="drawdown of equity from its peak that ends the episode, as a fraction"
    )
    spread: float = Field(
        default=0.0001, ge=0, lt=1, description="full bid-ask spread divided by price; a fill pays half of it"
    )
    slippage_rate: float = Field(
        default=0.00001, ge=0, lt=0.5, description="slippage: adverse change of the price of each fill, as a fraction"
    )
    commission_rate: float = Field(
        default=0.00002, ge=0, lt=1, description="commission as a fraction of the notional of each fill"
    )
    swap_long_rate: float = Field(
        default=0.0, gt=-1, lt=1, description="swap that a long position pays per night; negative values are received"
    )
    swap_short_rate: float = Field(
        default=0.0, gt=-1, lt=1, description="swap that a short position pays per night; negative values are received"
    )
    costs: Annotated[CostsByName | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="costs of single instruments by name, such as {EURUSD: {spread: 0.00008}}: spread, slippage_rate, "
        "commission_rate, swap_long_rate and swap_short_rate; an absent one is that of env",
    )
    reward: RewardConfig = Field(default_factory=RewardConfig, description="terms of the reward")

    def of_instrument(self, name: str) -> "EnvConfig":
        """Returns the environment of one instrument alone, with the costs that `costs` has for it."""
        if self.costs is None:
            return self
        own = self.costs[name].given() if name in self.costs else {}
        return self.model_copy(update={**own, "costs": None})

    @model_validator(mode="after")
    def _check_sessions(self) -> "EnvConfig":
        if self.flat_by_close and self.sessions is None:
            raise ValueError("flat_by_close needs sessions, such as {start: '09:30', end: '16:00', timezone: UTC}")
        return self

    @model_validator(mode="after")
    def _check_sizing(self) -> "EnvConfig":
        if self.fill == "walk_the_book" and self.sizing != "units":
            raise ValueError("fill: walk_the_book needs sizing: units, because levels of a book have units")
        if self.sizing == "units":
            self._check_units()
        else:
            for name, default in (("initial_cash", _INITIAL_CASH), ("max_position", 1)):
                if getattr(self, name) != default:
                    raise ValueError(f"{name} needs sizing: units")
        return self

    def _check_units(self) -> None:
        if self.leverage is not None:
            raise ValueError("leverage needs sizing: equity_share; max_position bounds a position of units")
        if self.position_size != 1:
            raise ValueError("position_size needs sizing: equity_share; max_position is the size of units")
        for position in self.positions or ():
            units = position * self.max_position
            if abs(units - round(units)) > _WHOLE:
                raise ValueError(
                    f"the position {position:g} is {units:g} units of max_position {self.max_position}; with sizing: "
                    "units, positions are whole numbers of units divided by max_position"
                )

    @property
    def target_positions(self) -> tuple[float, ...]:
        """Target positions in increasing order, as fractions of `position_size`, or of `max_position` units.

        With `actions: target` they are the positions of the actions.
        """
        if self.positions is not None:
            return self.positions
        if self.sizing == "units":
            return _as_positions(tuple(units / self.max_position for units in self._all_units)) or ()
        return SHORT_FLAT_LONG

    @property
    def _all_units(self) -> range:
        return range(-self.max_position, self.max_position + 1)

    @property
    def action_count(self) -> int:
        """Number of actions."""
        return len(STEPS) if self.actions == "increment" else len(self.target_positions)

    @property
    def allowed_positions(self) -> tuple[float, ...]:
        """Positions that the agent may hold: negative ones only with `allow_short`, cut to what the equity covers."""
        return tuple(each for each in self.held_positions if each >= 0 or self.allow_short)

    @property
    def held_positions(self) -> tuple[float, ...]:
        """Target positions, cut to what the equity covers."""
        largest = self.largest_target
        return tuple(dict.fromkeys(max(-largest, min(each, largest)) for each in self.target_positions))

    @property
    def exits_within_bars(self) -> bool:
        """Whether a rule may close a position within a bar."""
        has_levels = any(each is not None for each in (self.stop_loss, self.take_profit, self.leverage))
        return has_levels or self.flat_by_close

    @property
    def largest_target(self) -> float:
        """Largest target position that the equity covers, as a fraction of `position_size`; infinite without margin."""
        return math.inf if self.leverage is None else self.leverage / self.position_size

    def without_stops(self) -> "EnvConfig":
        """The environment of a position that is held, without stop loss and take profit."""
        return self.model_copy(update={"stop_loss": None, "take_profit": None})

    def without_exits(self) -> "EnvConfig":
        """The environment of a position that nothing closes before its end."""
        return self.without_stops().model_copy(update={"leverage": None, "sessions": None, "flat_by_close": False})
