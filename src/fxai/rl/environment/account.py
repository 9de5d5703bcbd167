"""Account keeping for all lanes and environments at once: fills, swap, marks.

It states the rules of `market/rules.py` in torch's operations, for GPUs. `Accounts` has the fields of `Account` there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from fxai.rl.environment.market_tensors import MarketTensors, Quotes
from fxai.spec.fields.env_config import EnvConfig


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts [lane, env], in fractions of the equity that an episode begins with."""

    position: Tensor  # -1, 0, 1
    value: Tensor  # units times close; negative for a short
    equity: Tensor
    peak: Tensor  # of the equity at closes
    drawdown: Tensor  # fall of the equity from its peak, as a fraction of the peak
    opening_equity: Tensor  # just before the open trade's first fill; meaningless without one
    gain: Tensor  # of the open trade; 0 without one
    best: Tensor  # highest gain of the open trade, at least 0
    worst: Tensor  # lowest gain of the open trade, at most 0
    held: Tensor  # steps

    @classmethod
    def fresh(cls, like: Tensor) -> "Accounts":
        """Flat accounts of equity 1, of the shape [lane, env] and kind of `like`."""
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
        )

    def tensors(self) -> dict[str, Tensor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def renewed(self, ended: Tensor, fresh: "Accounts") -> "Accounts":
        """This account where `ended` [lane, env] is false, a fresh one elsewhere."""
        new = fresh.tensors()
        return Accounts(**{name: torch.where(ended, new[name], kept) for name, kept in self.tensors().items()})


@dataclass(frozen=True, slots=True)
class AccountStep:
    """What a step did to the accounts, each [lane, env]; masks are 0.0 or 1.0."""

    account: Accounts  # at the mark
    step_return: Tensor
    turnover: Tensor  # notional of all fills over the equity before the step
    traded: Tensor  # mask: the position changed
    opened: Tensor  # mask
    closed: Tensor  # mask
    closed_gain: Tensor  # of the closed trade; 0 without one


@dataclass(frozen=True, slots=True)
class _Fills:
    """The fills at a bar's open, each [lane, env]; values are marked at the open, without spread."""

    trades: Tensor  # bool: the position is to change
    traded: Tensor  # the same as a mask of numbers
    closed: Tensor  # mask
    equity: Tensor  # after closing, before opening
    value: Tensor  # of the position after all fills
    closing_change: Tensor  # of the equity, from the last close up to and with the closing fill
    opening_change: Tensor  # of the equity by the opening fill's costs
    notional: Tensor  # of all fills


@dataclass(frozen=True, slots=True)
class Settlement:
    """The closing of positions that an episode's end left open, each [lane, env]."""

    outcome: AccountStep  # with the costs paid
    settled: Tensor  # mask
    gain: Tensor  # of the trade closed so; 0 without one


def per_lane(values: Sequence[float], like: Tensor) -> Tensor:
    """One number a lane as [lane, 1], to broadcast over environments."""
    return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None]


class Broker:
    """Fills orders and keeps accounts by each lane's costs."""

    def __init__(self, configs: Sequence[EnvConfig], market: MarketTensors) -> None:
        like = market.quotes
        self._size = per_lane([config.position_size for config in configs], like)
        self._commission = per_lane([config.commission_rate for config in configs], like)
        constant = [0.0 if market.has_spread else config.spread / 2 for config in configs]
        slippage = [config.slippage_rate for config in configs]
        self._adverse = per_lane([half + slip for half, slip in zip(constant, slippage, strict=True)], like)
        self._has_spread = market.has_spread
        self._swap_long = per_lane([config.swap_long_rate for config in configs], like)
        self._swap_short = per_lane([config.swap_short_rate for config in configs], like)
        swaps = any(config.swap_long_rate or config.swap_short_rate for config in configs)
        self._pays_swap = swaps and market.has_nights

    def step(self, account: Accounts, target: Tensor, quotes: Quotes) -> AccountStep:
        """Trade to `target` [lane, env] (-1.0, 0.0, 1.0) at the open, then mark at the close."""
        fills = self._fill(account, target, quotes)
        intrabar_pnl = fills.value * quotes.intrabar
        value = fills.value + intrabar_pnl
        change = fills.closing_change + fills.opening_change + intrabar_pnl
        if self._pays_swap:
            change = change - self._swap(value, quotes)
        marked = _marked(account, fills, value, account.equity + change)
        return AccountStep(
            account=marked,
            step_return=change / account.equity,
            turnover=fills.notional / account.equity,
            traded=fills.traded,
            opened=fills.traded * marked.position.abs(),
            closed=fills.closed,
            closed_gain=(fills.equity / account.opening_equity - 1.0) * fills.closed,
        )

    def settle(self, before: Accounts, outcome: AccountStep, ended: Tensor, quotes: Quotes) -> Settlement:
        """Close at the close what is open where `ended` [lane, env]; `before` is the account before the step."""
        account = outcome.account
        settled = account.position.abs() * ended
        adverse = self._adverse_move(quotes)
        value = account.value.abs() * settled
        notional = value * (1.0 - account.position * adverse)
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
        order = target - account.position
        side = order.sign()
        traded = side.abs()
        skew = side * self._adverse_move(quotes)
        price = skew + 1.0  # of the fills, over the open
        gap_pnl = account.value * quotes.gap
        held_value = account.value + gap_pnl
        sold = held_value.abs() * traded * price
        closing_change = gap_pnl + held_value * skew - self._commission * sold
        equity = account.equity + closing_change
        bought = self._size * equity.relu() * (traded * target.abs())
        opened_value = target * bought / price
        trades = order != 0
        return _Fills(
            trades=trades,
            traded=traded,
            closed=traded * account.position.abs(),
            equity=equity,
            value=torch.where(trades, opened_value, held_value),
            closing_change=closing_change,
            opening_change=-(opened_value * skew + self._commission * bought),
            notional=sold + bought,
        )

    def _adverse_move(self, quotes: Quotes) -> Tensor:
        """Half spread plus slippage as a fraction of the price, [lane, 1] or [lane, env]."""
        return self._adverse + quotes.half_spread if self._has_spread else self._adverse

    def _swap(self, value: Tensor, quotes: Quotes) -> Tensor:
        rate = torch.where(value > 0, self._swap_long, self._swap_short)
        return rate * value.abs() * quotes.nights


def _marked(account: Accounts, fills: _Fills, value: Tensor, equity: Tensor) -> Accounts:
    """The account at the close, with the records of its open trade brought up to date."""
    position = value.sign()
    is_open = position.abs()
    kept = is_open - is_open * fills.traded  # mask: open now, and already so before the step
    opening_equity = torch.where(fills.trades, fills.equity, account.opening_equity)
    gain = (equity / opening_equity - 1.0) * is_open
    peak = torch.maximum(account.peak, equity)
    return Accounts(
        position=position,
        value=value,
        equity=equity,
        peak=peak,
        drawdown=(peak - equity) / peak,
        opening_equity=opening_equity,
        gain=gain,
        best=torch.maximum(account.best * kept, gain),
        worst=torch.minimum(account.worst * kept, gain),
        held=account.held * kept + is_open,
    )
