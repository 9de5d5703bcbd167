"""Fills, swap and marks of the accounts of all lanes and environments, as torch operations for GPUs.

It implements the rules of `market/rules/rules.py`. `Accounts` has the fields of `Account` in
`market/rules/rule_records.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import torch
from torch import Tensor

from fxai.market.rules.rule_records import OUT_OF_SESSION
from fxai.rl.environment.bar_exits import BarExit, BarExits, OpenedBar
from fxai.rl.environment.book_moves import BookMoves
from fxai.rl.environment.lane_costs import LaneCosts
from fxai.rl.environment.market_tensors import MarketTensors, Quotes
from fxai.rl.environment.per_lane import per_lane
from fxai.spec.fields.env_config import EnvConfig


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts [lane, env], in fractions of the equity at the start of the episode."""

    position: Tensor  # target of the last trade, as a fraction of the largest position; 0 without a trade
    value: Tensor  # units times close; negative for a short
    equity: Tensor
    peak: Tensor  # of the equity at closes
    drawdown: Tensor  # fall of the equity from its peak, as a fraction of the peak
    opening_equity: Tensor  # just before the first fill of the open trade; undefined without a trade
    gain: Tensor  # of the open trade; 0 without a trade
    best: Tensor  # highest gain of the open trade, at least 0
    worst: Tensor  # lowest gain of the open trade, at most 0
    held: Tensor  # steps since the open trade was opened
    entry_value: Tensor  # units times average entry price; undefined without a trade, and without exits in bars

    @classmethod
    def fresh(cls, like: Tensor) -> "Accounts":
        """Returns flat accounts with equity 1, of the shape [lane, env], dtype and device of `like`."""
        zero, one = torch.zeros_like(like), torch.ones_like(like)
        return cls(
            position=zero,
            value=zero,
            equity=one,
            peak=one,
            drawdown=zero,
            opening_equity=one,
            gain=zero,
            best=zero,
            worst=zero,
            held=zero,
            entry_value=zero,
        )

    @classmethod
    def of_state(cls, tensors: Mapping[str, Tensor]) -> "Accounts":
        """Returns the accounts of a checkpoint. Checkpoints of earlier releases have no `entry_value`."""
        return cls(**{"entry_value": torch.zeros_like(tensors["value"]), **tensors})

    def tensors(self) -> dict[str, Tensor]:
        """Returns the tensors by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def reset_where(self, ended: Tensor, fresh: "Accounts") -> "Accounts":
        """Returns accounts that are fresh where `ended` [lane, env] is true, and unchanged elsewhere."""
        new = fresh.tensors()
        return Accounts(**{name: torch.where(ended, new[name], kept) for name, kept in self.tensors().items()})


@dataclass(frozen=True, slots=True)
class AccountStep:
    """The accounts after a step and the results of the step, each [lane, env]; masks are 0.0 or 1.0."""

    account: Accounts  # marked at the close
    position: Tensor  # after the fills at the open
    step_return: Tensor
    turnover: Tensor  # notional of all fills divided by the equity before the step
    traded: Tensor  # mask: the position changed
    opened: Tensor  # mask
    closed: Tensor  # mask
    resized: Tensor  # mask
    closed_gain: Tensor  # of the closed trade; 0 without a trade
    exit: "TradeExit | None"  # None if no lane has exits within bars


@dataclass(frozen=True, slots=True)
class TradeExit:
    """The trades that were closed within the bar, each [lane, env]; see `stops.Exit`."""

    exited: Tensor  # mask
    price: Tensor
    gain: Tensor
    worst: Tensor
    held: Tensor


@dataclass(frozen=True, slots=True)
class _Fills:
    """The fills at a bar's open, each [lane, env]; values are marked at the open, without spread."""

    trades: Tensor  # bool: a trade is closed or opened
    traded: Tensor  # `trades` as numbers
    closed: Tensor  # mask
    resized: Tensor  # mask
    equity: Tensor  # after closing, before opening
    value: Tensor  # of the position after all fills
    closing_change: Tensor  # of the equity, from the last close to the closing fill
    opening_change: Tensor  # of the equity, by the costs of the opening fill
    notional: Tensor  # of all fills


@dataclass(frozen=True, slots=True)
class Settlement:
    """The closing of positions that are open at the end of an episode, each [lane, env]."""

    outcome: AccountStep  # with the costs of the closing
    settled: Tensor  # mask
    gain: Tensor  # of the closed trade; 0 without a trade


class Broker:
    """Fills orders and updates accounts with the costs of each lane."""

    def __init__(self, configs: Sequence[EnvConfig], market: MarketTensors) -> None:
        like = market.quotes
        self._size = per_lane([config.position_size for config in configs], like)
        self._units = _units(configs, like)
        self._book = BookMoves(configs, like)
        costs = LaneCosts(configs, market)
        self._costs = costs if costs.differ else None
        self._adverse, self._commission, self._swap_long, self._swap_short = costs.of_first
        self._has_spread = market.table.has_spread and configs[0].fill == "open"
        self._pays_swap = costs.has_swap and market.table.has_nights
        self._resizes = any(_has_sizes(config.target_positions) for config in configs)
        self._never = like.new_zeros(1, 1)
        self._exits = BarExits(configs, like)

    def use_costs_at(self, bar: Tensor) -> None:
        """Takes the costs of the instruments of bars [lane, env], if costs differ between instruments."""
        if self._costs is not None:
            self._adverse, self._commission, self._swap_long, self._swap_short = self._costs.at(bar)

    def step(self, account: Accounts, target: Tensor, quotes: Quotes) -> AccountStep:
        """Trades to `target` [lane, env] at the open, exits within the bar, then marks the accounts at the close."""
        if quotes.session is not None:
            target = torch.where(quotes.session == OUT_OF_SESSION, _without_opening(target, account.position), target)
        if self._resizes:
            target = _covered(account, target, quotes)
        self._book.use(account.position, target, quotes)
        fills = self._fill(account, target, quotes)
        if self._resizes:
            fills = self._with_resizes(account, target, quotes, fills)
        is_open = fills.value.sign().abs()
        exit_: BarExit | None = None
        if self._exits.exist:
            before = account.value + account.value * quotes.gap
            equity = account.equity + fills.closing_change + fills.opening_change
            costs = self._adverse_move(quotes), self._adverse_exit(quotes), self._commission
            exit_ = self._exits(OpenedBar(account.entry_value, before, fills.value, equity, *costs), quotes)
            fills = _left(fills, exit_)
        intrabar_pnl = fills.value * quotes.intrabar
        value = fills.value + intrabar_pnl
        change = fills.closing_change + fills.opening_change + intrabar_pnl
        if self._pays_swap:
            change = change - self._swap(value, quotes)
        marked = _marked(account, fills, target, value, account.equity + change)
        if exit_ is not None:
            marked = replace(marked, entry_value=exit_.entry_value)
        return AccountStep(
            account=marked,
            position=target * is_open,
            step_return=change / account.equity,
            turnover=fills.notional / account.equity,
            traded=fills.traded + fills.resized if self._resizes else fills.traded,
            opened=fills.traded * is_open,
            closed=fills.closed,
            resized=fills.resized,
            closed_gain=(fills.equity / account.opening_equity - 1.0) * fills.closed,
            exit=None if exit_ is None else _trade_exit(account, fills, exit_, marked),
        )

    def settle(self, before: Accounts, outcome: AccountStep, ended: Tensor, quotes: Quotes) -> Settlement:
        """Closes open positions at the close where `ended` [lane, env].

        Args:
            before: The accounts before the step.
            outcome: The step.
            ended: Where episodes ended.
            quotes: The bars of the step.
        """
        account = outcome.account
        side = account.value.sign()
        settled = side.abs() * ended
        adverse = self._adverse_exit(quotes)
        value = account.value.abs() * settled
        notional = value * (1.0 - side * adverse)
        costs = value * adverse + self._commission * notional
        equity = account.equity - costs
        paid = replace(
            outcome,
            account=replace(account, equity=equity),
            step_return=outcome.step_return - costs / before.equity,
            turnover=outcome.turnover + notional / before.equity,
        )
        return Settlement(paid, settled, (equity / account.opening_equity - 1.0) * settled)

    def _fill(self, account: Accounts, target: Tensor, quotes: Quotes) -> _Fills:
        """Closes the open trade where the target differs, and opens the next one."""
        order = target - account.position
        side = order.sign()
        traded = side.abs()
        skew = side * self._adverse_move(quotes)
        price = skew + 1.0  # of the fills, divided by the open
        gap_pnl = account.value * quotes.gap
        held_value = account.value + gap_pnl
        sold = held_value.abs() * traded * price
        closing_change = gap_pnl + held_value * skew - self._commission * sold
        equity = account.equity + closing_change
        whole = self._size * equity.relu() * traded  # notional of a target of 1
        bought = whole * target.abs()
        opened_value = target * whole / price
        if self._units is not None:
            opened_value = target * self._units * quotes.price * traded * (equity > 0)
            bought = opened_value.abs() * price
        trades = order != 0
        return _Fills(
            trades=trades,
            traded=traded,
            closed=traded * account.value.sign().abs(),
            resized=self._never,
            equity=equity,
            value=torch.where(trades, opened_value, held_value),
            closing_change=closing_change,
            opening_change=-(opened_value * skew + self._commission * bought),
            notional=sold + bought,
        )

    def _with_resizes(self, account: Accounts, target: Tensor, quotes: Quotes, fills: _Fills) -> _Fills:
        """Trades only the difference where the target is another size on the same side. The trade continues."""
        gap_pnl = account.value * quotes.gap
        equity = account.equity + gap_pnl
        resizes = fills.trades & (target * account.position > 0) & (equity > 0)
        value = target * self._size * equity if self._units is None else target * self._units * quotes.price
        order = value - (account.value + gap_pnl)
        adverse = self._adverse_move(quotes)
        notional = order.abs() * (1.0 + order.sign() * adverse)
        change = gap_pnl - order.abs() * adverse - self._commission * notional
        resized = resizes.to(target.dtype)
        return _Fills(
            trades=fills.trades & ~resizes,
            traded=fills.traded - resized,
            closed=fills.closed - resized,
            resized=resized,
            equity=fills.equity,
            value=torch.where(resizes, value, fills.value),
            closing_change=torch.where(resizes, change, fills.closing_change),
            opening_change=torch.where(resizes, 0.0, fills.opening_change),
            notional=torch.where(resizes, notional, fills.notional),
        )

    def _adverse_move(self, quotes: Quotes) -> Tensor:
        """Returns the adverse move of a fill at the open as a fraction of the price, [lane, 1] or [lane, env]."""
        adverse = self._adverse + quotes.half_spread if self._has_spread else self._adverse
        return adverse if self._book.of_order is None else adverse + self._book.of_order

    def _adverse_exit(self, quotes: Quotes) -> Tensor:
        """As `_adverse_move`, of a fill that closes the position later in the bar."""
        adverse = self._adverse + quotes.half_spread if self._has_spread else self._adverse
        return adverse if self._book.of_exit is None else adverse + self._book.of_exit

    def _swap(self, value: Tensor, quotes: Quotes) -> Tensor:
        rate = torch.where(value > 0, self._swap_long, self._swap_short)
        return rate * value.abs() * quotes.nights


def _units(configs: Sequence[EnvConfig], like: Tensor) -> Tensor | None:
    """Returns the units of a position of 1 divided by the initial cash [lane, 1]; None if sizes are shares of equity.

    All lanes have the same sizing.
    """
    if configs[0].sizing != "units":
        return None
    return per_lane([config.max_position / config.initial_cash for config in configs], like)


def _has_sizes(positions: Sequence[float]) -> bool:
    """Whether there are two target positions on one side."""
    return any(first * second > 0 for first, second in pairwise(positions))


def _without_opening(target: Tensor, position: Tensor) -> Tensor:
    """Returns the parts of orders that open and increase nothing: between 0 and the position."""
    zero = torch.zeros_like(position)
    return torch.clamp(target, torch.minimum(position, zero), torch.maximum(position, zero))


def _covered(account: Accounts, target: Tensor, quotes: Quotes) -> Tensor:
    """Returns the targets, which are flat where an account without equity would resize its trade."""
    equity = account.equity + account.value * quotes.gap
    resizes = (target * account.position > 0) & (target != account.position)
    return torch.where(resizes & (equity <= 0), 0.0, target)


def _marked(account: Accounts, fills: _Fills, target: Tensor, value: Tensor, equity: Tensor) -> Accounts:
    """Returns the accounts at the close, with updated gain, best, worst and holding time of the open trades."""
    holds = value != 0
    is_open = holds.to(value.dtype)
    kept = is_open - is_open * fills.traded  # mask: the position was open before the step and still is
    opening_equity = torch.where(fills.trades, fills.equity, account.opening_equity)
    gain = (equity / opening_equity - 1.0) * is_open
    peak = torch.maximum(account.peak, equity)
    return Accounts(
        position=torch.where(holds, target, 0.0),
        value=value,
        equity=equity,
        peak=peak,
        drawdown=(peak - equity) / peak,
        opening_equity=opening_equity,
        gain=gain,
        best=torch.maximum(account.best * kept, gain),
        worst=torch.minimum(account.worst * kept, gain),
        held=account.held * kept + is_open,
        entry_value=account.entry_value,
    )


def _left(fills: _Fills, exit_: BarExit) -> _Fills:
    """Returns the fills at the open with those of the exits within the bar, after which a position has no value."""
    return replace(
        fills,
        value=torch.where(exit_.exited, 0.0, fills.value),
        opening_change=fills.opening_change + exit_.change,
        notional=fills.notional + exit_.notional,
    )


def _trade_exit(account: Accounts, fills: _Fills, exit_: BarExit, marked: Accounts) -> TradeExit:
    """Returns the trades that were closed within the bar; `marked` are the accounts after the bar."""
    exited = exit_.exited.to(exit_.price.dtype)
    kept = 1.0 - fills.traded  # mask: the trade was open before the bar
    gain = (marked.equity / marked.opening_equity - 1.0) * exited
    return TradeExit(exited, exit_.price, gain, account.worst * kept, account.held * kept)
