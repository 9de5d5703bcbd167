"""Trades of a series of positions, with their fill prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray
from fxai.market.dataset import Market
from fxai.market.quotes import QuoteTable
from fxai.market.rules import Rules, adverse_move, rules_of
from fxai.market.track_record import ClosedTrade
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


@dataclass(frozen=True, slots=True, eq=False)
class _FillPrices:
    """Prices of fills, with spread and slippage."""

    market: Market
    quotes: QuoteTable
    rules: Rules

    def at(self, bar: int, side: int, *, at_close: bool = False) -> float:
        """Price of a purchase (`side` 1) or a sale (-1) at a bar's open, or at its close."""
        prices = self.market.close if at_close else self.market.open
        return float(prices[bar] * (1.0 + side * adverse_move(self.rules, self.quotes.at(bar))))


class _Exit(NamedTuple):
    place: int
    at_close: bool  # at the end of the episode, not by an order at the open


def closed_trades(market: Market, positions: Positions, env: EnvConfig) -> tuple[ClosedTrade, ...]:
    """All trades in the order of time; the end of an episode closes every position.

    A change of size on the same side belongs to the trade: its prices are those of the first and the last fill.
    """
    side = np.sign(positions.held)
    before = np.where(positions.begins, 0, np.concatenate([[0], side[:-1]]))
    entries = np.flatnonzero((side != 0) & (side != before)).tolist()
    exits = _exits(positions)
    quotes = QuoteTable.of_market(market)
    prices = _FillPrices(market, quotes, rules_of(env, has_spread=quotes.has_spread, instrument=quotes.instrument))
    return tuple(_trade(prices, positions, entry, exit_) for entry, exit_ in zip(entries, exits, strict=True))


def _exits(positions: Positions) -> Iterator[_Exit]:
    """Ends of trades; an end at a bar's open comes before one at its close."""
    for place in np.flatnonzero(positions.closed | positions.settled).tolist():
        if positions.closed[place]:
            yield _Exit(place, at_close=False)
        if positions.settled[place]:
            yield _Exit(place, at_close=True)


def _trade(prices: _FillPrices, positions: Positions, entry: int, exit_: _Exit) -> ClosedTrade:
    side = 1 if positions.held[entry] > 0 else -1
    first, last = int(positions.bar[entry]), int(positions.bar[exit_.place])
    gain = positions.settled_gain if exit_.at_close else positions.closed_gain
    return ClosedTrade(
        entry_time=iso(prices.market.time[first]),
        exit_time=iso(prices.market.time[last]),
        side="long" if side > 0 else "short",
        entry_price=prices.at(first, side),
        exit_price=prices.at(last, -side, at_close=exit_.at_close),
        profit=float(gain[exit_.place]),
    )


def iso(moment: np.datetime64) -> str:
    """A time in UTC as ISO 8601 text, to the second."""
    return str(np.datetime_as_string(moment, unit="s", timezone="UTC"))
