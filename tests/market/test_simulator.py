import math
from collections.abc import Sequence
from typing import Any

import pytest

from fxai.market.simulator import Action, Prices, SimulatedStep, Simulator
from fxai.spec.fields.env_config import EnvConfig, RewardConfig

FREE = {"spread": 0.0, "slippage_rate": 0.0, "commission_rate": 0.0}
SHORT, FLAT, LONG = Action.SHORT, Action.FLAT, Action.LONG


def simulate(
    prices: Sequence[tuple[float, float]],
    actions: list[int],
    *,
    nights: list[int] | None = None,
    half_spread: list[float] | None = None,
    close_at_end: bool = False,
    **config: Any,
) -> list[SimulatedStep]:
    """Steps on bars of (open, close) prices from bar 0."""
    opens, closes = zip(*prices, strict=True)
    market = Prices(opens, closes, nights or [0] * len(prices), half_spread)
    simulator = Simulator(market, EnvConfig.model_validate(FREE | config), 0, len(prices), close_at_end=close_at_end)
    return [simulator.step(action) for action in actions]


def test_an_order_fills_at_the_next_open_and_is_marked_at_that_close() -> None:
    first, second = simulate([(1, 1), (1.1, 1.21), (1.21, 1.331)], [LONG, LONG])
    assert first.step_return == pytest.approx(0.1)
    assert second.step_return == pytest.approx(0.1)
    assert second.equity == pytest.approx(1.21)


def test_a_short_gains_when_the_price_falls() -> None:
    (step,) = simulate([(1, 1), (1, 0.9)], [SHORT])
    assert (step.position, step.equity) == (-1, pytest.approx(1.1))


def test_half_the_spread_and_slippage_are_paid_on_both_sides() -> None:
    _, out = simulate([(1, 1)] * 3, [LONG, FLAT], spread=0.02, slippage_rate=0.01)
    assert out.equity == pytest.approx(0.98 / 1.02)
    _, out = simulate([(1, 1)] * 3, [SHORT, FLAT], spread=0.02, slippage_rate=0.01)
    assert out.equity == pytest.approx(1 + (0.98 - 1.02) / 0.98)


def test_a_spread_of_the_data_replaces_the_constant_one() -> None:
    _, out = simulate([(1, 1)] * 3, [LONG, FLAT], spread=0.5, half_spread=[0.3, 0.01, 0.03])
    assert out.equity == pytest.approx(0.97 / 1.01)


def test_a_flip_pays_commission_on_both_its_fills_and_a_hold_on_none() -> None:
    steps = simulate([(1, 1)] * 4, [LONG, SHORT, SHORT], commission_rate=0.01)
    assert steps[0].turnover == pytest.approx(1)
    assert steps[1].turnover == pytest.approx((1 + 0.98) / 0.99)
    assert steps[2].turnover == 0
    assert steps[2].equity == pytest.approx(0.98 - 0.0098)


def test_position_size_is_leverage_on_the_equity_at_opening_and_compounds_from_trade_to_trade() -> None:
    prices = [(1, 1), (1, 1.1), (1.1, 1.1), (1.1, 1.21)]
    steps = simulate(prices, [LONG, FLAT, LONG], position_size=2.0)
    assert [step.equity for step in steps] == pytest.approx([1.2, 1.2, 1.44])


def test_swap_is_paid_on_the_notional_for_each_night_of_a_bar_that_the_position_spans() -> None:
    rates: dict[str, Any] = {"swap_long_rate": 0.001, "swap_short_rate": -0.0005}
    nights = [0, 3, 1, 1]
    prices = [(1, 1), (1, 2), (2, 2), (2, 2)]
    long, flat, short = simulate(prices, [LONG, FLAT, SHORT], nights=nights, **rates)
    assert long.equity == pytest.approx(2 - 0.001 * 2 * 3)
    assert flat.equity == long.equity
    assert short.equity == pytest.approx(flat.equity * 1.0005)


def test_without_shorts_the_short_action_is_flat() -> None:
    steps = simulate([(1, 1)] * 3, [LONG, SHORT], allow_short=False)
    assert [step.position for step in steps] == [1, 0]


def test_a_fall_from_the_peak_by_the_limit_terminates_and_the_last_step_truncates() -> None:
    prices = [(1, 1), (1, 2), (2, 1.3), (1.3, 0.9)]
    steps = simulate(prices, [LONG] * 3, drawdown_limit=0.5)
    assert [(step.terminated, step.truncated) for step in steps] == [(False, False), (False, False), (True, False)]
    steps = simulate(prices, [LONG] * 3, drawdown_limit=0.9)
    assert [(step.terminated, step.truncated) for step in steps] == [(False, False), (False, False), (False, True)]
    (_, last) = simulate(prices, [LONG] * 2, max_episode_steps=2)
    assert last.truncated


def test_an_account_without_equity_opens_nothing() -> None:
    steps = simulate([(1, 1), (1, 1), (3, 3)], [SHORT, LONG])
    assert steps[1].position == 0
    assert steps[1].equity == pytest.approx(-1)
    assert steps[1].terminated


def test_trades_report_their_net_gain_excursions_and_length() -> None:
    prices = [(1, 1), (1, 1.2), (1.2, 0.9), (0.9, 1.1), (1.1, 1.1)]
    *_, step = simulate(prices, [LONG, LONG, LONG, FLAT])
    trade = step.closed
    assert trade is not None
    assert (trade.gain, trade.best, trade.worst) == (pytest.approx(0.1), pytest.approx(0.2), pytest.approx(-0.1))
    assert trade.held == 3


def test_a_position_open_at_the_end_is_marked_or_closed_at_its_cost() -> None:
    prices = [(1, 1), (1, 1.1)]
    (marked,) = simulate(prices, [LONG], commission_rate=0.01)
    (closed,) = simulate(prices, [LONG], commission_rate=0.01, close_at_end=True)
    assert marked.settled is None
    assert closed.settled is not None
    assert closed.closed is None
    assert marked.equity - closed.equity == pytest.approx(0.011)
    assert closed.settled.gain == pytest.approx(closed.equity - 1)
    assert closed.step_return == pytest.approx(closed.equity - 1)
    assert closed.turnover == pytest.approx(marked.turnover + 1.1)


def test_step_returns_compound_to_the_final_equity() -> None:
    prices = [(1, 1), (1.02, 1.05), (1.04, 0.98), (0.97, 1.01), (1.0, 1.07), (1.08, 1.1)]
    steps = simulate(prices, [LONG, SHORT, SHORT, FLAT, LONG], spread=0.01, commission_rate=0.001, position_size=3.0)
    assert math.prod(1 + step.step_return for step in steps) == pytest.approx(steps[-1].equity)


def test_the_reward_is_paid_by_the_configuration() -> None:
    reward = RewardConfig(pnl_coefficient=100, action_penalty_coefficient=0.25)
    (step,) = simulate([(1, 1), (1, 1.01)], [LONG], reward=reward)
    assert step.reward == pytest.approx(1 - 0.25)
