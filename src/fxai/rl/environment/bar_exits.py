"""Stop loss, take profit, margin and the end of sessions of all lanes and environments, as torch operations for GPUs.

It implements the rules of `market/rules/stops.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.market.rules.rule_records import LAST_OF_SESSION
from fxai.rl.environment.market_tensors import Quotes
from fxai.rl.environment.per_lane import per_lane
from fxai.spec.fields.env_config import EnvConfig


@dataclass(frozen=True, slots=True)
class OpenedBar:
    """The positions and costs of a bar, each [lane, env] or [lane, 1]; values are marked at the open."""

    entry_value: Tensor  # of the accounts before the bar
    before: Tensor  # value of the position before the fills at the open
    value: Tensor  # after these fills
    equity: Tensor  # after these fills
    adverse: Tensor  # by how much the price of a fill moves against the trader, as a fraction of the price
    adverse_exit: Tensor  # as adverse, of a fill that closes the position later in the bar
    commission: Tensor  # as a fraction of the notional


@dataclass(frozen=True, slots=True)
class BarExit:
    """The closing of positions within the bar, each [lane, env]."""

    exited: Tensor  # bool
    price: Tensor  # divided by the open, before spread and slippage; 0 without an exit
    entry_value: Tensor  # of the accounts: units times average entry price
    change: Tensor  # of the equity since the open
    notional: Tensor  # of the closing fills


class BarExits:
    """Finds the positions that a rule closes within the bar."""

    def __init__(self, configs: Sequence[EnvConfig], like: Tensor) -> None:
        self.exist = any(config.exits_within_bars for config in configs)
        self._stop_loss = per_lane([config.stop_loss or 0.0 for config in configs], like)
        self._flat_by_close = per_lane([float(config.flat_by_close) for config in configs], like)
        self._take_profit = per_lane([config.take_profit or 0.0 for config in configs], like)
        stop_outs = [config.stop_out_level / config.leverage if config.leverage else 0.0 for config in configs]
        self._stop_out = per_lane(stop_outs, like)

    def __call__(self, opened: OpenedBar, quotes: Quotes) -> BarExit:
        """Returns the exits of a bar after its fills at the open."""
        value, side = opened.value, opened.value.sign()
        entry_value = _entry_value_after(opened, 1.0 + side * opened.adverse)
        entry = entry_value / torch.where(value == 0, 1.0, value)
        cover = opened.equity / torch.where(value == 0, 1.0, value.abs())
        price = self._price(side, self._stop_level(side, entry, cover), entry, quotes)
        exited = (price != 0) & (value != 0)
        price = torch.where(exited, price, 0.0)
        fill = price * (1.0 - side * opened.adverse_exit)
        sold = value.abs() * fill
        change = torch.where(exited, value * (fill - 1.0) - opened.commission * sold, 0.0)
        return BarExit(exited, price, entry_value, change, sold)

    def _stop_level(self, side: Tensor, entry: Tensor, cover: Tensor) -> Tensor:
        """Returns the price of the stop loss or the stop-out, whichever comes first; see `stops.stop_level`."""
        level = torch.where(self._stop_loss > 0, side * (entry * (1.0 - side * self._stop_loss)), -torch.inf)
        stop_out = (1.0 - side * cover) / (1.0 - side * self._stop_out)
        return side * torch.where(self._stop_out > 0, torch.maximum(level, side * stop_out), level)

    def _price(self, side: Tensor, stop: Tensor, entry: Tensor, quotes: Quotes) -> Tensor:
        """Returns the price of the exit divided by the open; 0 where there is none."""
        long = side > 0
        adverse = 1.0 + torch.where(long, quotes.low, quotes.high)
        favourable = 1.0 + torch.where(long, quotes.high, quotes.low)
        goal = entry * (1.0 + side * self._take_profit)
        has_goal = self._take_profit > 0
        price = self._closing_price(quotes)
        price = torch.where(has_goal & (side * (favourable - goal) >= 0), goal, price)
        stopped_at = side * torch.minimum(side, side * stop)
        price = torch.where(side * (adverse - stop) <= 0, stopped_at, price)
        return torch.where(has_goal & (side * (goal - 1.0) <= 0), 1.0, price)

    def _closing_price(self, quotes: Quotes) -> Tensor:
        """Returns the close divided by the open where the session ends with the bar and lanes are then flat; else 0."""
        if quotes.session is None:
            return torch.zeros_like(quotes.intrabar)
        closes = (quotes.session == LAST_OF_SESSION) & (self._flat_by_close > 0)
        return torch.where(closes, 1.0 + quotes.intrabar, 0.0)


def _entry_value_after(opened: OpenedBar, price: Tensor) -> Tensor:
    """Returns units times average entry price after the fills at the open; `price` is that of an entry."""
    known, before, value = opened.entry_value, opened.before, opened.value
    increased = known + (value - before) * price
    decreased = known * (value / torch.where(before == 0, 1.0, before))
    kept = torch.where(value.abs() > before.abs(), increased, decreased)
    kept = torch.where(value == before, known, kept)
    return torch.where(value * before <= 0, value * price, kept)
