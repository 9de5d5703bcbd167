"""Moves of prices by orders that take the levels of an order book, as torch operations for GPUs.

It implements the rules of `market/rules/book.py`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.market.markets.book_levels import ASKS, BIDS
from fxai.rl.environment.market_tensors import Quotes
from fxai.rl.environment.per_lane import per_lane
from fxai.spec.fields.env_config import EnvConfig


class BookMoves:
    """The moves of the prices of a bar's fills, each [lane, env]; None if no order takes levels."""

    def __init__(self, configs: Sequence[EnvConfig], like: Tensor) -> None:
        self.of_order: Tensor | None = None  # of the order at the open
        self.of_exit: Tensor | None = None  # of an order that closes the position later in the bar
        self._walks = configs[0].fill == "walk_the_book"
        self._units = per_lane([float(config.max_position) for config in configs], like)

    def use(self, position: Tensor, target: Tensor, quotes: Quotes) -> None:
        """Takes the moves of orders from positions to targets [lane, env]."""
        if self._walks and quotes.book is not None:
            order = target - position
            self.of_order = self._walked(quotes.book, order > 0, order.abs())
            self.of_exit = self._walked(quotes.book, target <= 0, target.abs())

    def _walked(self, levels: Tensor, buys: Tensor, size: Tensor) -> Tensor:
        """Returns the mean distances of what orders take; see `book.walked`.

        Args:
            levels: [lane, env, side, level, 2].
            buys: Whether the orders are purchases, [lane, env].
            size: Sizes as shares of the largest position, [lane, env].
        """
        units = (size * self._units).unsqueeze(-1)
        side = torch.where(buys[..., None, None], levels[..., ASKS, :, :], levels[..., BIDS, :, :])
        distance, rests = side.unbind(-1)
        taken = (units - (rests.cumsum(-1) - rests)).relu().minimum(rests)
        left = (units - taken.sum(-1, keepdim=True)).relu()
        paid = (taken * distance).sum(-1) + (left * distance[..., -1:]).squeeze(-1)
        whole = units.squeeze(-1)
        return torch.where(whole > 0, paid / torch.where(whole > 0, whole, 1.0), 0.0)
