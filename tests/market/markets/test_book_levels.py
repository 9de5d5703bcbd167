"""Levels of a book that orders take, from the sample of snapshots to the tensors of an environment."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fxai.errors import DataError
from fxai.market.markets.book_levels import ASKS, BIDS, book_levels
from fxai.market.markets.dataset import Market, prepare
from fxai.market.reading.read_bars import load_bars
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.simulator import Simulator
from fxai.market.scores.baselines import hold
from fxai.market.scores.position_returns import PositionReturns
from fxai.market.scores.trades import Positions, closed_trades
from fxai.rl.environment.market_tensors import on_device
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.feature_config import FeatureConfig

FEATURES = FeatureConfig(bar_range=False)
DATA = DataConfig(source="btcusd_book_1m", book_levels=3, features=FEATURES)
ENV = EnvConfig(sizing="units", initial_cash=1e6, max_position=2, fill="walk_the_book", commission_rate=0.0)
STEPS = 60


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare(DATA)


def test_levels_are_units_at_their_prices(market: Market) -> None:
    bars = load_bars(DATA)
    assert market.book is not None
    assert market.book.shape == (len(bars), 2, 3, 2)
    for side, name in ((ASKS, "asks"), (BIDS, "bids")):
        distance, notional = bars.book[f"{name}_distance_2"], bars.book[f"{name}_notional_2"]
        price = bars.open * (1 + distance)
        np.testing.assert_allclose(market.book[:, side, 2, 0], abs(distance))
        np.testing.assert_allclose(market.book[:, side, 2, 1] * price, notional)
    tensors = on_device(market, torch.device("cpu"))
    assert tensors.book is not None
    assert tensors.book.dtype == torch.float32
    assert prepare(DATA.model_copy(update={"book_levels": 0})).book is None


def test_levels_that_do_not_exist_are_refused() -> None:
    with pytest.raises(DataError, match=r"data.book_levels is 6, but the order book has 5 levels"):
        load_bars(DATA.model_copy(update={"book_levels": 6}))
    with pytest.raises(DataError, match="needs order-book snapshots"):
        book_levels(replace(load_bars(DATA), book={}), 1)


def test_scores_of_positions_trades_and_baselines_take_the_levels(market: Market) -> None:
    span, draws = range(500, 500 + STEPS), np.random.default_rng(1)
    targets = np.repeat(draws.integers(0, 5, STEPS // 3), 3)
    simulator = Simulator(QuoteTable.of_market(market), ENV, span.start - 1, span.stop, close_at_end=True)
    steps = [simulator.step(int(target)) for target in targets]
    bar, begins = np.array(span), np.arange(STEPS) == 0
    positions = np.array(ENV.target_positions)[targets]
    returns = PositionReturns.of_market(market, bar, begins, ENV)(positions)
    np.testing.assert_allclose(returns, [step.step_return for step in steps], rtol=1e-9, atol=1e-14)
    named = {name: np.array([getattr(step, name) for step in steps]) for name in steps[0]._fields}
    fields = {name: named[name] for name in Positions.__slots__ if name not in ("bar", "begins", "held")}
    trades = closed_trades(market, Positions(bar=bar, begins=begins, held=named["position"], **fields), ENV)
    assert len(trades) == named["closed"].sum() + named["settled"].sum()
    first = int(np.flatnonzero(positions)[0])
    assert market.book is not None
    side, sign = (ASKS, 1) if positions[first] > 0 else (BIDS, -1)
    level, units = market.book[bar[first], side, :, 0], market.book[bar[first], side, :, 1]
    wanted = 2 * abs(positions[first])
    taken = np.clip(wanted - (np.cumsum(units) - units), 0, units)
    move = (taken @ level + (wanted - taken.sum()) * level[-1]) / wanted
    expected = market.open[bar[first]] * (1 + sign * (move + ENV.slippage_rate))
    assert trades[0].entry_price == pytest.approx(expected, rel=1e-12)
    long = Simulator(QuoteTable.of_market(market), ENV, span.start - 1, span.stop, close_at_end=True)
    held = [long.step(4).equity for _ in span]
    np.testing.assert_allclose(hold(market, span.start, span.stop - 1, ENV, 1), held, rtol=1e-9)
