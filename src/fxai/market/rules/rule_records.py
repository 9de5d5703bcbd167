"""Records of the rules of trading: a bar, the numbers of the configuration, and an account."""

from dataclasses import dataclass
from typing import Final, NamedTuple

IN_SESSION: Final = 0  # every bar without sessions
LAST_OF_SESSION: Final = 1
OUT_OF_SESSION: Final = 2

HOLD: Final = -1
"""The action that orders nothing."""


class Quote(NamedTuple):
    """The quantities of one bar that the rules use."""

    gap: float  # open over the close before it, minus 1
    intrabar: float  # close over open, minus 1
    nights: float  # rollovers between the bar's open and the next bar's
    half_spread: float  # fraction of the price; 0 if `env.spread` applies
    high: float  # high over open, minus 1
    low: float  # low over open, minus 1
    price: float  # open, in units of the currency
    session: float  # IN_SESSION, LAST_OF_SESSION or OUT_OF_SESSION
    order_move: float = 0.0  # by how much the levels of a book move the price of the order at the open, a fraction
    exit_move: float = 0.0  # as order_move, of an order that closes the position later in the bar


class Rules(NamedTuple):
    """The numbers of the configuration that the rules use."""

    fixed_adverse_move: float  # slippage, plus half of `env.spread` if a fill pays it
    pays_half_spread: float  # 1 if a fill pays the half spread of the market's spread column, else 0
    least_target: float  # the lowest position allowed: -1, or 0 without short positions; lower targets become it
    largest_target: float  # the largest position that the equity covers; infinite without margin
    position_size: float
    units: float  # units of a position of 1 divided by the initial cash; 0: `position_size` applies
    largest_units: float  # units of a position of 1 if orders take the levels of a book, else 0
    commission_rate: float
    swap_long_rate: float
    swap_short_rate: float
    drawdown_limit: float
    stop_loss: float  # distance from the entry price, as a fraction of it; 0: none
    take_profit: float  # as stop_loss
    stop_out: float  # equity divided by notional at which a position is closed; 0: none
    flat_by_close: float  # 1 if a position is closed at the close of a session's last bar, else 0
    exits_within_bars: float  # 1 if a rule may close a position within a bar, else 0


@dataclass(slots=True)
class Account:
    """The account of one episode, which the rules change in place."""

    position: float = 0.0  # target of the last trade, as a fraction of the largest position; 0 without a trade
    value: float = 0.0  # units times close; negative for a short
    equity: float = 1.0
    peak: float = 1.0  # of the equity at closes
    drawdown: float = 0.0  # fall of the equity from its peak, as a fraction of the peak
    opening_equity: float = 1.0  # just before the first fill of the open trade; undefined without a trade
    gain: float = 0.0  # of the open trade; 0 without a trade
    best: float = 0.0  # highest gain of the open trade, at least 0
    worst: float = 0.0  # lowest gain of the open trade, at most 0
    held: float = 0.0  # steps since the open trade was opened
    entry_value: float = 0.0  # units times average entry price; undefined without a trade, and without exits in bars
