"""The strategies beside a winner."""

import numpy as np
import pytest

from fxai.evaluation.position_baselines import (
    PositionPath,
    best_days_share,
    break_even_cost_multiple,
    position_baselines,
)
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.scores.baselines import hold
from fxai.market.scores.position_returns import PositionReturns
from fxai.spec.fields.data_config import DataConfig, SplitConfig
from fxai.spec.fields.env_config import EnvConfig

BAR = np.arange(100, 400)
BEGINS = np.arange(len(BAR)) % 128 == 0
COSTLY = EnvConfig(spread=0.0002, slippage_rate=0.0001, commission_rate=0.0001)


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare_bars(synthetic_market(seed=3, bars=500), DataConfig(split=SplitConfig(embargo_bars=24)))


def perfect(market: Market) -> np.ndarray:
    """Positions that know each bar's return."""
    moves = market.close[BAR] / market.close[BAR - 1] - 1.0
    return np.sign(moves)


def test_a_winner_that_knows_the_market_beats_its_own_positions_at_other_times(market: Market) -> None:
    found = position_baselines(market, PositionPath(BAR, BEGINS, perfect(market)), COSTLY)
    assert found.random is not None
    assert found.random.shifts == len(BAR) - 1
    assert found.random.p_value == 1 / len(BAR)
    assert found.random.low <= found.random.mean_return <= found.random.high
    returns = PositionReturns.of_market(market, BAR, BEGINS, COSTLY)(perfect(market))
    assert returns.mean() > found.random.high


def test_holding_is_what_the_market_says(market: Market) -> None:
    found = position_baselines(market, PositionPath(BAR, BEGINS, perfect(market)), COSTLY)
    assert found.flat.mean_return == found.flat.total_return == 0
    assert found.flat.sharpe is None
    assert found.buy_and_hold.total_return == pytest.approx(hold(market, BAR[0], BAR[-1], COSTLY, 1)[-1] - 1)
    assert found.sell_and_hold is not None
    assert found.sell_and_hold.total_return == pytest.approx(hold(market, BAR[0], BAR[-1], COSTLY, -1)[-1] - 1)


def test_the_best_constant_position_is_at_least_flat(market: Market) -> None:
    dear = EnvConfig(spread=0.05)
    found = position_baselines(market, PositionPath(BAR, BEGINS, perfect(market)), dear)
    assert found.best_constant_position == 0
    assert found.best_constant.mean_return == 0


def test_a_winner_with_sizes_is_compared_with_its_own_positions(market: Market) -> None:
    sized = COSTLY.model_copy(update={"positions": (-0.5, 0.0, 0.25, 0.5)})
    held = 0.5 * perfect(market)
    found = position_baselines(market, PositionPath(BAR, BEGINS, held), sized)
    assert found.best_constant_position in sized.positions
    assert found.random is not None
    assert found.random.p_value == 1 / len(BAR)
    half = COSTLY.model_copy(update={"position_size": 0.5})
    returns = PositionReturns.of_market(market, BAR, BEGINS, sized)(held)
    np.testing.assert_allclose(returns, PositionReturns.of_market(market, BAR, BEGINS, half)(2 * held), rtol=1e-12)


def test_a_winner_without_short_positions_is_not_compared_with_one(market: Market) -> None:
    env = COSTLY.model_copy(update={"positions": (0.0, 0.5, 1.0)})
    found = position_baselines(market, PositionPath(BAR, BEGINS, np.maximum(perfect(market), 0)), env)
    assert found.sell_and_hold is None


def test_whoever_may_not_be_short_is_not_compared_with_short_positions(market: Market) -> None:
    held = np.maximum(perfect(market), 0)
    found = position_baselines(market, PositionPath(BAR, BEGINS, held), EnvConfig(allow_short=False))
    assert found.sell_and_hold is None
    assert found.best_constant_position in {0, 1}


def test_the_mean_return_is_0_at_the_break_even_cost_multiple(market: Market) -> None:
    returns_of = PositionReturns.of_market(market, BAR, BEGINS, COSTLY)
    multiple = break_even_cost_multiple(returns_of, perfect(market))
    assert multiple is not None
    assert multiple > 1
    assert returns_of(perfect(market), cost_multiple=multiple).mean() == pytest.approx(0, abs=1e-12)


def test_a_loss_without_costs_and_a_profit_without_any_costs_have_no_break_even(market: Market) -> None:
    returns_of = PositionReturns.of_market(market, BAR, BEGINS, COSTLY)
    assert break_even_cost_multiple(returns_of, -perfect(market)) is None
    free = EnvConfig(spread=0.0, slippage_rate=0.0, commission_rate=0.0)
    returns_of = PositionReturns.of_market(market, BAR, BEGINS, free)
    assert break_even_cost_multiple(returns_of, perfect(market)) is None


def test_an_agent_that_never_trades_has_no_random_trading(market: Market) -> None:
    found = position_baselines(market, PositionPath(BAR, BEGINS, np.zeros(len(BAR))), COSTLY)
    assert found.random is None
    assert found.break_even_cost_multiple is None
    assert found.best_days_share is None


def test_the_share_of_the_best_days_adds_the_bars_of_a_day() -> None:
    time = np.arange("2024-01-01T00", "2024-01-08T00", dtype="datetime64[h]").astype("datetime64[ns]")
    returns = np.zeros(len(time))
    returns[[0, 1]] = 0.5, 0.5  # the first day
    returns[24::24] = 1.0, 1.0, 1.0, 1.0, -1.0, 1.0
    assert best_days_share(returns, time) == pytest.approx(5 / 5)
    assert best_days_share(-returns, time) is None
