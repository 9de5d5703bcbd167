"""Trades of a series of positions, with their fill prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray
from fxai.market.markets.book_levels import ASKS, BIDS
from fxai.market.markets.dataset import Market
from fxai.market.rules.book import walked
from fxai.market.rules.fills import adverse_move
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.rule_records import Rules
from fxai.market.rules.rules import rules_of
from fxai.market.scores.track_record import ClosedTrade
from fxai.spec.fields.env_config import EnvConfig


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions over consecutive bars; every array is [bar]."""

    bar: NDArray[np.int64]  # index of the bar in the market
    begins: NDArray[np.bool_]  # whether an episode begins at the bar, flat
    held: FloatArray  # fraction of `position_size`
    closed: NDArray[np.bool_]  # whether a trade was closed at the bar's open
    closed_gain: FloatArray  # profit of that trade
    settled: NDArray[np.bool_]  # whether the end of the episode closed a trade at the bar's close
    settled_gain: FloatArray
    exited: NDArray[np.bool_]  # whether a stop loss or a take profit closed a trade within the bar
    exit_gain: FloatArray
    exit_price: FloatArray  # of that closing, divided by the bar's open, before spread and slippage


@dataclass(frozen=True, slots=True, eq=False)
class _FillPrices:
    """Prices of fills, with spread and slippage."""

    market: Market
    quotes: QuoteTable
    rules: Rules

    def at(self, bar: int, side: int, price: float, size: float) -> float:
        """Price of a purchase (`side` 1) or a sale (-1) in a bar, when the market's price is `price`.

        `size` is that of the order, as a share of the largest position.
        """
        adverse = adverse_move(self.rules, self.quotes.at(bar))
        if self.quotes.book is not None and self.rules.largest_units > 0:
            adverse += walked(self.quotes.book, bar, ASKS if side > 0 else BIDS, size * self.rules.largest_units)
        return float(price * (1.0 + side * adverse))


class _Exit(NamedTuple):
    place: int
    price: float  # of the market
    gain: float
    size: float  # of the order


def closed_trades(market: Market, positions: Positions, env: EnvConfig) -> tuple[ClosedTrade, ...]:
    """All trades in the order of time; the end of an episode closes every position.

    A change of size on the same side belongs to the trade: its prices are those of the first and the last fill.
    """
    side = np.sign(positions.held)
    last = np.where(positions.exited, 0, side)  # at the end of the bar
    before = np.where(positions.begins, 0, np.concatenate([[0], last[:-1]]))
    entries = np.flatnonzero((side != 0) & (side != before)).tolist()
    exits = _exits(market, positions)
    quotes = QuoteTable.of_market(market)
    prices = _FillPrices(market, quotes, rules_of(env, has_spread=quotes.has_spread, instrument=quotes.instrument))
    return tuple(_trade(prices, positions, entry, exit_) for entry, exit_ in zip(entries, exits, strict=True))


def _exits(market: Market, positions: Positions) -> Iterator[_Exit]:
    """Ends of trades in the order of time: at a bar's open, within the bar, and at its close."""
    for place in np.flatnonzero(positions.closed | positions.exited | positions.settled).tolist():
        bar = positions.bar[place]
        if positions.closed[place]:
            yield _Exit(place, market.open[bar], positions.closed_gain[place], _order(positions, place))
        if positions.exited[place]:
            yield _Exit(
                place,
                market.open[bar] * positions.exit_price[place],
                positions.exit_gain[place],
                abs(positions.held[place]),
            )
        if positions.settled[place]:
            yield _Exit(place, market.close[bar], positions.settled_gain[place], abs(positions.held[place]))


def _order(positions: Positions, place: int) -> float:
    """Size of the order at the open of a bar."""
    starts_flat = positions.begins[place] or positions.exited[place - 1]
    before = 0.0 if starts_flat else positions.held[place - 1]
    return float(abs(positions.held[place] - before))


def _trade(prices: _FillPrices, positions: Positions, entry: int, exit_: _Exit) -> ClosedTrade:
    side = 1 if positions.held[entry] > 0 else -1
    first, last = int(positions.bar[entry]), int(positions.bar[exit_.place])
    return ClosedTrade(
        entry_time=iso(prices.market.time[first]),
        exit_time=iso(prices.market.time[last]),
        side="long" if side > 0 else "short",
        entry_price=prices.at(first, side, prices.market.open[first], _order(positions, entry)),
        exit_price=prices.at(last, -side, exit_.price, exit_.size),
        profit=float(exit_.gain),
    )


def iso(moment: np.datetime64) -> str:
    """A time in UTC as ISO 8601 text, to the second."""
    return str(np.datetime_as_string(moment, unit="s", timezone="UTC"))
