"""Stop loss and take profit beside backtesting.py: the same bars and orders give the same trades and equity.

backtesting.py fills orders at the next open too. It has no slippage, and its sizes are whole units, so the account is
large. It takes the prices of a stop loss and a take profit with the order; the strategy here reads the next open for
them, which its account does not see. Not compared: a bar that opens beyond the take profit and then reaches the stop
loss. There the order that is reached first is known, the take profit; backtesting.py fills the stop loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from backtesting import Backtest, Strategy

from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.simulator import Simulator
from fxai.spec.fields.env_config import EnvConfig

BARS, CASH, SIZE = 400, 1e13, 2.0
STOP, GOAL = 0.012, 0.015


@dataclass(frozen=True)
class Trade:
    """A closed trade, by the places of its bars and the prices of its fills."""

    entry_bar: int
    exit_bar: int
    side: int
    entry_price: float
    exit_price: float


def random_bars(seed: int) -> pd.DataFrame:
    """Bars that gap over stops and targets, and bars whose range reaches both."""
    draws = np.random.default_rng(seed)
    gaps = draws.random(BARS) < 0.1
    gap = np.where(gaps, draws.normal(0, 0.025, BARS), draws.normal(0, 0.001, BARS))
    move = draws.normal(0, 0.006, BARS)
    wide = (draws.random(BARS) < 0.15) & ~gaps
    reach = np.abs(draws.normal(0, 0.004, (2, BARS))) + np.where(wide, 0.02, 0.0)
    closes = np.exp(np.cumsum(gap + move))
    opens = closes * np.exp(-move)
    high, low = np.maximum(opens, closes) * np.exp(reach[0]), np.minimum(opens, closes) * np.exp(-reach[1])
    index = pd.date_range("2024-01-01", periods=BARS, freq="h")
    return pd.DataFrame({"Open": opens, "High": high, "Low": low, "Close": closes}, index)


def simulate(bars: pd.DataFrame, env: EnvConfig, seed: int) -> tuple[list[int], list[float], list[Trade], set[str]]:
    """Targets, equity after each bar, trades, and the kinds of exits, from bar 2 on.

    No order is given before a gap that is larger than its stop loss, because backtesting.py refuses it.
    """
    draws = np.random.default_rng(seed)
    opens, close = bars["Open"].to_numpy(), bars["Close"].to_numpy()
    table = QuoteTable.of(open=opens, close=close, nights=[0] * BARS, high=bars["High"], low=bars["Low"])
    simulator = Simulator(table, env, 1, BARS)
    targets, equity, trades, kinds = [], [], [], set()
    entry = (0, 0, 0.0)
    wanted = 0
    for bar in range(2, BARS):
        wanted = int(draws.integers(-1, 2)) if draws.random() < 0.3 else wanted
        before = int(simulator.account.position)
        target = before if abs(opens[bar] / close[bar - 1] - 1) > 0.008 else wanted
        step = simulator.step(target + 1)
        if target != before:
            if before:
                trades.append(Trade(entry[0], bar, before, entry[2], opens[bar]))
            entry = (bar, target, opens[bar])
        if step.exited:
            price = step.exit_price * opens[bar]
            trades.append(Trade(entry[0], bar, target, entry[2], price))
            hits = "open" if step.exit_price == 1 else "first bar" if entry[0] == bar else "later bar"
            kinds.add(f"{'loss' if target * (price - entry[2]) < 0 else 'profit'} at {hits}")
        targets.append(target)
        equity.append(step.equity)
    return targets, equity, trades, kinds


def backtest(bars: pd.DataFrame, targets: Sequence[int], env: EnvConfig) -> tuple[list[float], list[Trade]]:
    """Equity after each bar and trades of backtesting.py."""
    opens, commission = bars["Open"].to_numpy(), env.commission_rate

    class Follow(Strategy):  # type: ignore[misc]
        def init(self) -> None: ...

        def next(self) -> None:
            bar = len(self.data)
            side = int(np.sign(self.position.size))
            if bar == BARS or targets[bar - 2] == side:
                return
            target, price = targets[bar - 2], opens[bar]
            held = self.position.size
            equity = self.equity + held * (price - self.data.Close[-1]) - commission * abs(held) * price
            self.position.close()
            if target:
                order = self.buy if target > 0 else self.sell
                loss, profit = price * (1 - target * STOP), price * (1 + target * GOAL)
                order(size=round(SIZE * equity / price), sl=loss, tp=profit)

    run = Backtest(bars, Follow, cash=CASH, commission=commission, margin=0.1)
    result = run.run()
    found = result["_trades"].sort_values("ExitBar", kind="stable")
    trades = [
        Trade(row.EntryBar, row.ExitBar, int(np.sign(row.Size)), row.EntryPrice, row.ExitPrice)
        for row in found.itertuples()
    ]
    return (result["_equity_curve"]["Equity"].to_numpy()[2:] / CASH).tolist(), trades


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("commission", [0.0, 0.0007])
def test_stops_fill_as_in_backtesting(commission: float) -> None:
    env = EnvConfig(
        position_size=SIZE,
        stop_loss=STOP,
        take_profit=GOAL,
        spread=0,
        slippage_rate=0,
        commission_rate=commission,
        drawdown_limit=1,
        max_episode_steps=BARS,
    )
    seen = set()
    for seed in range(5):
        bars = random_bars(seed)
        targets, equity, trades, kinds = simulate(bars, env, seed)
        expected_equity, expected = backtest(bars, targets, env)
        seen |= kinds
        np.testing.assert_allclose(equity, expected_equity, rtol=1e-9)
        assert len(trades) > 20
        for one, other in zip(trades, expected, strict=True):
            assert (one.entry_bar, one.exit_bar, one.side) == (other.entry_bar, other.exit_bar, other.side)
            prices = (one.entry_price, one.exit_price)
            assert prices == pytest.approx((other.entry_price, other.exit_price), rel=1e-12)
    ends = ("open", "first bar", "later bar")
    assert seen == {f"{kind} at {end}" for kind in ("loss", "profit") for end in ends}
