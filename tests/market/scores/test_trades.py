"""The list of trades with their fill prices, beside the ledger's fills."""

import numpy as np
import pytest

from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.simulator import Simulator
from fxai.market.scores.trades import Positions, closed_trades
from fxai.spec.fields.data_config import DataConfig, SplitConfig
from fxai.spec.fields.env_config import EnvConfig

FIRST, STEPS = 100, 150
ADVERSE = 0.0001 / 2 + 0.00001


def market() -> Market:
    return prepare_bars(synthetic_market(seed=3, bars=300), DataConfig(split=SplitConfig(embargo_bars=24)))


def positions_of(data: Market, env: EnvConfig, targets: list[int]) -> Positions:
    """Positions of a simulated account."""
    simulator = Simulator(QuoteTable.of_market(data), env, FIRST - 1, FIRST + STEPS, close_at_end=True)
    steps = [simulator.step(target + 1) for target in targets]
    assert steps[-1].truncated
    named = {name: np.array([getattr(step, name) for step in steps]) for name in steps[0]._fields}
    return Positions(
        bar=FIRST + np.arange(STEPS),
        begins=np.arange(STEPS) == 0,
        held=named["position"],
        **{name: named[name] for name in Positions.__slots__ if name not in ("bar", "begins", "held")},
    )


def test_a_stopped_trade_has_the_prices_of_its_level_and_the_next_one_begins_at_the_next_open() -> None:
    data = market()
    env = EnvConfig(stop_loss=0.001, take_profit=0.0015, max_episode_steps=STEPS)
    positions = positions_of(data, env, [1] * STEPS)
    trades = closed_trades(data, positions, env)
    exits = np.flatnonzero(positions.exited)
    assert len(trades) == len(exits) + positions.settled.sum() > 10
    levels = [1 - 0.001, 1 + 0.0015]
    at_level = [
        any(each.exit_price == pytest.approx(each.entry_price * level * (1 - ADVERSE)) for level in levels)
        for each in trades
    ]
    at_open = positions.exit_price[exits] == 1
    assert sum(at_level) >= len(exits) - at_open.sum() > 10
    for before, after, place in zip(trades, trades[1:], exits, strict=False):
        assert before.profit == positions.exit_gain[place]
        bar = positions.bar[place]
        assert after.entry_price == pytest.approx(data.open[bar + 1] * (1 + ADVERSE))
        assert before.exit_price == pytest.approx(data.open[bar] * positions.exit_price[place] * (1 - ADVERSE))


def test_each_exit_ends_one_trade_whatever_the_orders_are() -> None:
    data, draws = market(), np.random.default_rng(1)
    env = EnvConfig(stop_loss=0.0005, take_profit=0.0005, max_episode_steps=STEPS)
    positions = positions_of(data, env, np.repeat(draws.integers(-1, 2, STEPS // 3), 3).tolist())
    trades = closed_trades(data, positions, env)
    assert len(trades) == positions.closed.sum() + positions.exited.sum() + positions.settled.sum()
    for each in trades:
        gain = (each.exit_price / each.entry_price - 1) * (1 if each.side == "long" else -1)
        assert each.profit == pytest.approx(gain, abs=2 * 0.00002 + 1e-6)  # commission of two fills
