"""The rules of trading once more, as slow and as readable as they can be: the ledger of one episode.

It shares no code with `fxai.market.rules.rules` and keeps its books in another form: cash, units and prices in place of
equity and returns. Tests hold the rules, in each form in which they run, to this ledger.

The order of events in the step from bar t to bar t + 1:

1. The agent has seen bars up to the close of t and names a target position, one of `env.positions`; with
   `actions: increment` it goes one place down or up in this list, or stays. The action -1 always stays.
2. At the open of t + 1 the account trades if the target differs from the target of the trade that is
   open, which is 0 without one. Every fill's price is the open moved against the trader by half the
   spread plus slippage; every fill pays commission on its notional. Opening buys or sells the target
   times `position_size` times the equity of that moment, at the price of the fill. A change of side is
   two fills. A change of size on one side is one fill of the difference between the units held and the
   target times `position_size` times the equity of that moment, at the open itself, over the open; the
   trade goes on. The units stay while the target does. An account without equity opens nothing, and
   closes what it would resize. With `sizing: units` the account begins with `initial_cash`, and a target is that share
   of `max_position` units. With `fill: mid_with_slippage` a fill pays no spread. With `fill: walk_the_book` it has the
   mean price of the levels that the whole order takes at the open, moved on with the price within the bar; what is
   beyond the last level has the price of that level.
3. A stop loss or a take profit, at a distance from the average entry price, closes the position within the bar: at
   the open if the bar opens at its level or beyond, else at the level if the bar's low or high reaches it. Where both
   are reached after the open, it is the stop loss. With leverage, the price at which equity / used margin is the
   stop-out level closes it too, and targets are cut to what the equity covers. With flat_by_close what is still open
   in the last bar of a session is closed at its close. Costs are those of every fill. The account is then flat until
   the next open, where a target that is not flat opens a new trade, in a session.
4. At the close of t + 1 the account pays swap on its notional for each night between the opens of
   t + 1 and t + 2, since no action can avoid them any more, and is marked at the close itself, without
   spread. The step's return is the equity now over the equity before the step, minus 1.
5. A fall from the equity's peak by `drawdown_limit` terminates the episode; its last step truncates it.
   With `close_at_end` a position still open is then closed at that close, at the usual costs, which
   count in the last step's return and equity. No reward term but the return sees that fill, and
   drawdown and termination are those of the mark before it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fxai.spec.fields.env_config import EnvConfig
from market.ledger_reward import StepFigures, Trade, step_reward


@dataclass(frozen=True, slots=True)
class Prices:
    """What trading needs of a market: prices in quote currency per unit, one entry a bar."""

    open: Sequence[float]
    close: Sequence[float]
    nights: Sequence[int]  # rollovers between a bar's open and the next bar's
    half_spread: Sequence[float] | None = None  # fraction of the price; None takes half of `env.spread`
    high: Sequence[float] | None = None  # None: the higher one of open and close
    low: Sequence[float] | None = None
    session: Sequence[int] | None = None  # 0 within a session, 1 in its last bar, 2 outside; None: always within
    book: Sequence[Mapping[int, Sequence[tuple[float, float]]]] | None = None
    """For each bar and side (1 asks, -1 bids): price and units of each level, the best one first."""


@dataclass(frozen=True, slots=True)
class LedgerStep:
    """One step as the account's statement would show it."""

    position: float  # target held over the step after its fills; 0 without a trade
    equity: float  # after the step; the episode began with 1
    step_return: float
    turnover: float  # notional of all fills over the equity before the step
    reward: float
    terminated: bool
    truncated: bool
    closed: Trade | None  # by the agent
    settled: Trade | None  # by the end of the episode
    exited: Trade | None  # by a stop loss or a take profit, within the bar
    exit_price: float  # of the bar, before spread and slippage, divided by its open; 0 without an exit


class Ledger:
    """An episode from `start`, the bar whose close the agent sees first, to at most the bar `stop - 1`."""

    def __init__(self, prices: Prices, config: EnvConfig, start: int, stop: int, *, close_at_end: bool = False) -> None:
        self._prices = prices
        self._config = config
        self._close_at_end = close_at_end
        self._bar = start
        self._end = min(start + config.max_episode_steps, stop - 1)
        self._in_units = config.sizing == "units"
        self._initial = config.initial_cash if self._in_units else 1.0
        self._cash = self._initial
        self._units = 0.0
        self._size = 0.0  # target of the open trade
        self._peak = self._initial
        self._equity_at_opening = self._initial
        self._trade: Trade | None = None
        self._fill_notionals: list[float] = []
        self._order = 0.0  # units of the order that is being filled
        self._entry_price = 0.0  # mean over the units of the open trade

    @property
    def position(self) -> float:
        return 0.0 if self._trade is None else self._size

    def equity_at(self, price: float) -> float:
        return self._cash + self._units * price

    def step(self, action: int) -> LedgerStep:
        before = self.equity_at(self._prices.close[self._bar])
        self._bar += 1
        self._fill_notionals = []
        closed, opened = self._trade_at_open(self._in_session(self._target(action)))
        position = self.position
        exited, exit_price = self._exit_within_bar()
        fills = len(self._fill_notionals)
        self._pay_swap()
        drawdown = self._mark()
        terminated = drawdown >= self._config.drawdown_limit
        truncated = self._bar == self._end and not terminated
        open_trade = self._trade
        ends = terminated or truncated
        settled = self._close(self._prices.close[self._bar]) if ends and self._close_at_end else None
        equity = self.equity_at(self._prices.close[self._bar])
        figures = StepFigures(
            step_return=equity / before - 1.0,
            drawdown=drawdown,
            terminated=terminated,
            fills=fills,
            opened=opened,
            closed=closed,
            exited=exited,
            open_trade=open_trade,
        )
        return LedgerStep(
            position=position,
            equity=equity / self._initial,
            step_return=figures.step_return,
            turnover=sum(self._fill_notionals) / before,
            reward=step_reward(figures, self._config.reward),
            terminated=terminated,
            truncated=truncated,
            closed=closed,
            settled=settled,
            exited=exited,
            exit_price=exit_price / self._prices.open[self._bar],
        )

    def _target(self, action: int) -> float:
        target = self._wanted(action)
        if target < 0 and not self._config.allow_short:
            return 0
        if self._config.leverage is None:
            return target
        largest = self._config.leverage / self._config.position_size
        return max(-largest, min(target, largest))

    def _wanted(self, action: int) -> float:
        """The position that the action names, before limits."""
        listed = self._listed()
        if action == -1:
            return self.position
        if self._config.actions == "target":
            return listed[action]
        if action == 0:
            return max((each for each in listed if each < self.position), default=self.position)
        if action == 2:
            return min((each for each in listed if each > self.position), default=self.position)
        return self.position

    def _listed(self) -> Sequence[float]:
        if self._config.positions is not None:
            return self._config.positions
        most = self._config.max_position if self._in_units else 1
        return [units / most for units in range(-most, most + 1)]

    def _units_of(self, target: float, equity: float, price: float) -> float:
        """The units of a target for an account with this equity, at this price."""
        if self._in_units:
            return target * self._config.max_position
        return target * self._config.position_size * equity / price

    def _in_session(self, target: float) -> float:
        """The target, or outside the sessions what of it opens and increases nothing."""
        if self._session() < 2 or target == self.position:
            return target
        if target * self.position <= 0:
            return 0
        return target if abs(target) < abs(self.position) else self.position

    def _session(self) -> int:
        return 0 if self._prices.session is None else self._prices.session[self._bar]

    def _trade_at_open(self, target: float) -> tuple[Trade | None, bool]:
        """Bring the position to the target; returns the trade closed, if any, and whether one was opened."""
        if target == self.position:
            return None, False
        price = self._prices.open[self._bar]
        keeps = target * self.position <= 0 or self.equity_at(price) > 0
        if self._in_units:
            self._order = abs((target if keeps else 0) * self._config.max_position - self._units)
        if target * self.position > 0 and self.equity_at(price) > 0:
            self._resize(target, price)
            return None, False
        closed = self._close(price)
        opens = target != 0 and self.equity_at(price) > 0
        if opens:
            self._open(target, price)
        return closed, opens

    def _open(self, target: float, price: float) -> None:
        equity = self._cash  # flat: nothing but cash
        fill_price = self._fill_price(price, 1 if target > 0 else -1)
        self._fill(self._units_of(target, equity, fill_price), fill_price)
        self._equity_at_opening, self._size = equity, target
        self._trade = Trade(gain=0.0, best=0.0, worst=0.0, held=0)
        self._entry_price = fill_price

    def _resize(self, target: float, price: float) -> None:
        units = self._units_of(target, self.equity_at(price), price)
        order = units - self._units
        fill_price = self._fill_price(price, 1 if order > 0 else -1)
        if order * units > 0:
            self._entry_price = (self._units * self._entry_price + order * fill_price) / units
        self._fill(order, fill_price)
        self._size = target

    def _exit_within_bar(self) -> tuple[Trade | None, float]:
        """Close the position where a level says so; returns the trade and the price, or None and 0."""
        price = self._exit_price() if self._trade else None
        if price is None and self._trade and self._config.flat_by_close and self._session() == 1:
            price = self._prices.close[self._bar]
        self._order = abs(self._units)
        return (None, 0.0) if price is None else (self._close(price), price)

    def _exit_price(self) -> float | None:
        start = self._prices.open[self._bar]
        low, high = self._range()
        loss, profit = self._config.stop_loss, self._config.take_profit
        if self._units > 0:
            stop = (
                self._stop_out_price() if loss is None else max(self._entry_price * (1 - loss), self._stop_out_price())
            )
            goal = None if profit is None else self._entry_price * (1 + profit)
            if goal is not None and start >= goal:
                return start
            if low <= stop:
                return min(start, stop)
            return goal if goal is not None and high >= goal else None
        stop = self._stop_out_price() if loss is None else min(self._entry_price * (1 + loss), self._stop_out_price())
        goal = None if profit is None else self._entry_price * (1 - profit)
        if goal is not None and start <= goal:
            return start
        if high >= stop:
            return max(start, stop)
        return goal if goal is not None and low <= goal else None

    def _stop_out_price(self) -> float:
        """Where the equity is the stop-out level times the margin; infinitely far away without margin."""
        if self._config.leverage is None:
            return -math.inf if self._units > 0 else math.inf
        margin_of_a_price = abs(self._units) / self._config.leverage
        return self._cash / (self._config.stop_out_level * margin_of_a_price - self._units)

    def _range(self) -> tuple[float, float]:
        """The bar's low and high."""
        prices, bar = self._prices, self._bar
        ends = prices.open[bar], prices.close[bar]
        low = min(ends) if prices.low is None else prices.low[bar]
        return low, max(ends) if prices.high is None else prices.high[bar]

    def _close(self, price: float) -> Trade | None:
        if self._trade is None:
            return None
        self._fill(-self._units, self._fill_price(price, -1 if self._units > 0 else 1))
        self._units = 0.0
        trade = self._trade
        self._trade = None
        return Trade(self._cash / self._equity_at_opening - 1.0, trade.best, trade.worst, trade.held)

    def _fill(self, units: float, fill_price: float) -> None:
        notional = abs(units) * fill_price
        self._units += units
        self._cash -= units * fill_price + self._config.commission_rate * notional
        self._fill_notionals.append(notional)

    def _fill_price(self, price: float, side: int) -> float:
        if self._config.fill == "walk_the_book":
            return price * (1.0 + side * (self._taken_from_book(side) + self._config.slippage_rate))
        half = self._prices.half_spread
        half_spread = self._config.spread / 2 if half is None else half[self._bar]
        if self._config.fill == "mid_with_slippage":
            half_spread = 0.0
        return price * (1.0 + side * (half_spread + self._config.slippage_rate))

    def _taken_from_book(self, side: int) -> float:
        """The mean price of the order in the book of the bar, as a distance from its open."""
        assert self._prices.book is not None
        rest, cost = self._order, 0.0
        for level, units in self._prices.book[self._bar][side]:
            taken = min(rest, units)
            cost, rest = cost + taken * level, rest - taken
        mean = (cost + rest * level) / self._order
        return side * (mean / self._prices.open[self._bar] - 1.0)

    def _pay_swap(self) -> None:
        rate = self._config.swap_long_rate if self._units > 0 else self._config.swap_short_rate
        notional = abs(self._units) * self._prices.close[self._bar]
        self._cash -= rate * notional * self._prices.nights[self._bar]

    def _mark(self) -> float:
        """Value the account at the close; returns the drawdown."""
        equity = self.equity_at(self._prices.close[self._bar])
        self._peak = max(self._peak, equity)
        if self._trade is not None:
            gain = equity / self._equity_at_opening - 1.0
            best, worst = max(self._trade.best, gain), min(self._trade.worst, gain)
            self._trade = Trade(gain, best, worst, self._trade.held + 1)
        return 1.0 - equity / self._peak
