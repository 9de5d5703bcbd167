"""The rules by examples, in the simulator and in the ledger, and the two beside each other."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.rule_records import Account
from fxai.market.rules.rules import Action, EpisodeStep, renew
from fxai.market.rules.simulator import Simulator
from fxai.spec.fields.env_config import EnvConfig, RewardConfig
from market.ledger import Ledger, LedgerStep, Prices
from market.random_market import BARS, RandomMarket

FREE = {"spread": 0.0, "slippage_rate": 0.0, "commission_rate": 0.0}
SHORT, FLAT, LONG = Action.SHORT, Action.FLAT, Action.LONG


class Simulate(Protocol):
    """Steps on bars of (open, close) prices from bar 0."""

    def __call__(
        self,
        prices: Sequence[tuple[float, float]],
        actions: Sequence[int],
        *,
        nights: Sequence[int] | None = None,
        half_spread: Sequence[float] | None = None,
        close_at_end: bool = False,
        **config: Any,
    ) -> list[EpisodeStep]: ...


def as_episode_step(booked: LedgerStep) -> EpisodeStep:
    """A step of the ledger, without the records of its trades."""
    return EpisodeStep(
        reward=booked.reward,
        position=booked.position,
        equity=booked.equity,
        step_return=booked.step_return,
        turnover=booked.turnover,
        closed_gain=booked.closed.gain if booked.closed else 0.0,
        settled_gain=booked.settled.gain if booked.settled else 0.0,
        terminated=booked.terminated,
        truncated=booked.truncated,
        closed=booked.closed is not None,
        settled=booked.settled is not None,
        exit_gain=booked.exited.gain if booked.exited else 0.0,
        exit_price=booked.exit_price,
        exited=booked.exited is not None,
    )


@pytest.fixture(params=["simulator", "ledger"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    def steps(
        prices: Sequence[tuple[float, float]],
        actions: Sequence[int],
        *,
        nights: Sequence[int] | None = None,
        half_spread: Sequence[float] | None = None,
        close_at_end: bool = False,
        **config: Any,
    ) -> list[EpisodeStep]:
        opens, closes = zip(*prices, strict=True)
        rules, count = EnvConfig.model_validate(FREE | config), len(prices)
        if request.param == "ledger":
            market = Prices(opens, closes, nights or [0] * count, half_spread)
            ledger = Ledger(market, rules, 0, count, close_at_end=close_at_end)
            return [as_episode_step(ledger.step(action)) for action in actions]
        spread = half_spread and [2 * half * price for half, price in zip(half_spread, opens, strict=True)]
        table = QuoteTable.of(open=opens, close=closes, nights=nights or [0] * count, spread=spread)
        simulator = Simulator(table, rules, 0, count, close_at_end=close_at_end)
        return [simulator.step(action) for action in actions]

    return steps


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), own_spread=st.booleans(), close_at_end=st.booleans())
def test_the_simulator_is_the_ledger(*, seed: int, own_spread: bool, close_at_end: bool) -> None:
    market = RandomMarket(seed, own_spread=own_spread)
    positions, start = market.positions(), int(market.rng.integers(0, BARS - 5))
    config = market.config(positions=positions, **market.stops(), **market.margin(), **market.hours())
    ledger = Ledger(market.prices(config.sessions), config, start, BARS, close_at_end=close_at_end)
    simulator = Simulator(market.quotes(config.sessions), config, start, BARS, close_at_end=close_at_end)
    for action in market.orders(BARS, positions=positions).tolist():
        step, booked = simulator.step(action), as_episode_step(ledger.step(action))
        for name, value in booked._asdict().items():
            assert math.isclose(getattr(step, name), value, rel_tol=1e-9, abs_tol=1e-9), name
        if booked.terminated or booked.truncated:
            return
    pytest.fail("the episode never ended")


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32), own_spread=st.booleans(), close_at_end=st.booleans())
def test_units_increments_and_fills_are_those_of_the_ledger(*, seed: int, own_spread: bool, close_at_end: bool) -> None:
    market = RandomMarket(seed, own_spread=own_spread)
    start = int(market.rng.integers(0, BARS - 5))
    config = market.config(**market.units_or_shares(), **market.stops(), **market.hours())
    ledger = Ledger(market.prices(config.sessions), config, start, BARS, close_at_end=close_at_end)
    simulator = Simulator(market.quotes(config.sessions), config, start, BARS, close_at_end=close_at_end)
    for action in market.actions_of(config.action_count + 1, BARS).tolist():
        step, booked = simulator.step(action - 1), as_episode_step(ledger.step(action - 1))  # -1 holds
        for name, value in booked._asdict().items():
            assert math.isclose(getattr(step, name), value, rel_tol=1e-9, abs_tol=1e-9), name
        if booked.terminated or booked.truncated:
            return
    pytest.fail("the episode never ended")


def test_a_renewed_account_is_a_new_one() -> None:
    market = RandomMarket(1)
    simulator = Simulator(market.quotes(), market.config(), 0, BARS)
    simulator.step(LONG)
    assert simulator.account != Account()
    renew(simulator.account)
    assert simulator.account == Account()


def test_an_order_fills_at_the_next_open_and_is_marked_at_that_close(simulate: Simulate) -> None:
    first, second = simulate([(1, 1), (1.1, 1.21), (1.21, 1.331)], [LONG, LONG])
    assert first.step_return == pytest.approx(0.1)
    assert second.step_return == pytest.approx(0.1)
    assert second.equity == pytest.approx(1.21)


def test_a_short_gains_when_the_price_falls(simulate: Simulate) -> None:
    (step,) = simulate([(1, 1), (1, 0.9)], [SHORT])
    assert (step.position, step.equity) == (-1, pytest.approx(1.1))


def test_half_the_spread_and_slippage_are_paid_on_both_sides(simulate: Simulate) -> None:
    _, out = simulate([(1, 1)] * 3, [LONG, FLAT], spread=0.02, slippage_rate=0.01)
    assert out.equity == pytest.approx(0.98 / 1.02)
    _, out = simulate([(1, 1)] * 3, [SHORT, FLAT], spread=0.02, slippage_rate=0.01)
    assert out.equity == pytest.approx(1 + (0.98 - 1.02) / 0.98)


def test_a_spread_of_the_data_replaces_the_constant_one(simulate: Simulate) -> None:
    _, out = simulate([(1, 1)] * 3, [LONG, FLAT], spread=0.5, half_spread=[0.3, 0.01, 0.03])
    assert out.equity == pytest.approx(0.97 / 1.01)


def test_a_flip_pays_commission_on_both_its_fills_and_a_hold_on_none(simulate: Simulate) -> None:
    steps = simulate([(1, 1)] * 4, [LONG, SHORT, SHORT], commission_rate=0.01)
    assert steps[0].turnover == pytest.approx(1)
    assert steps[1].turnover == pytest.approx((1 + 0.98) / 0.99)
    assert steps[2].turnover == 0
    assert steps[2].equity == pytest.approx(0.98 - 0.0098)


def test_position_size_is_leverage_on_the_equity_at_opening_and_compounds(
    simulate: Simulate,
) -> None:
    prices = [(1, 1), (1, 1.1), (1.1, 1.1), (1.1, 1.21)]
    steps = simulate(prices, [LONG, FLAT, LONG], position_size=2.0)
    assert [step.equity for step in steps] == pytest.approx([1.2, 1.2, 1.44])


def test_swap_is_paid_on_the_notional_for_each_night_of_a_bar_that_the_position_spans(simulate: Simulate) -> None:
    rates: dict[str, Any] = {"swap_long_rate": 0.001, "swap_short_rate": -0.0005}
    nights = [0, 3, 1, 1]
    prices = [(1, 1), (1, 2), (2, 2), (2, 2)]
    long, flat, short = simulate(prices, [LONG, FLAT, SHORT], nights=nights, **rates)
    assert long.equity == pytest.approx(2 - 0.001 * 2 * 3)
    assert flat.equity == long.equity
    assert short.equity == pytest.approx(flat.equity * 1.0005)


def test_without_shorts_the_short_action_is_flat(simulate: Simulate) -> None:
    steps = simulate([(1, 1)] * 3, [LONG, SHORT], allow_short=False)
    assert [step.position for step in steps] == [1, 0]


def test_a_fall_from_the_peak_by_the_limit_terminates_and_the_last_step_truncates(simulate: Simulate) -> None:
    prices = [(1, 1), (1, 2), (2, 1.3), (1.3, 0.9)]
    steps = simulate(prices, [LONG] * 3, drawdown_limit=0.5)
    assert [(step.terminated, step.truncated) for step in steps] == [(False, False), (False, False), (True, False)]
    steps = simulate(prices, [LONG] * 3, drawdown_limit=0.9)
    assert [(step.terminated, step.truncated) for step in steps] == [(False, False), (False, False), (False, True)]
    (_, last) = simulate(prices, [LONG] * 2, max_episode_steps=2)
    assert last.truncated


def test_another_size_trades_the_difference_and_the_trade_continues(simulate: Simulate) -> None:
    prices = [(1, 1), (1, 2), (2, 2), (2, 2), (2, 2)]
    sizes: dict[str, Any] = {"positions": [-1, 0, 0.5, 1], "commission_rate": 0.01}
    opened, grown, shrunk, flat = simulate(prices, [2, 3, 2, 1], **sizes)
    assert (opened.position, grown.position, shrunk.position, flat.position) == (0.5, 1, 0.5, 0)
    assert opened.turnover == pytest.approx(0.5)
    equity = 1.5 - 0.005
    assert opened.equity == pytest.approx(equity)
    bought = equity - 1  # the position of 0.5 is worth 1 at the price of 2
    assert grown.turnover == pytest.approx(bought / equity)
    equity_then = equity - 0.01 * bought
    assert grown.equity == pytest.approx(equity_then)
    sold = equity - 0.5 * equity_then
    assert shrunk.turnover == pytest.approx(sold / equity_then)
    assert [step.closed for step in (opened, grown, shrunk, flat)] == [False, False, False, True]
    assert flat.closed_gain == pytest.approx(flat.equity - 1)


def test_a_larger_size_sells_if_the_position_has_grown_beyond_it(simulate: Simulate) -> None:
    prices = [(1, 1), (1, 2), (2, 2)]
    costs: dict[str, Any] = {"spread": 0.02, "commission_rate": 0.01}
    opened, resized = simulate(prices, [1, 2], positions=[0, 0.5, 0.6], **costs)
    value = 0.5 / 1.01 * 2
    sold = value - 0.6 * opened.equity
    assert sold > 0
    assert resized.turnover == pytest.approx(sold * 0.99 / opened.equity)
    assert resized.equity == pytest.approx(opened.equity - sold * 0.01 - 0.01 * sold * 0.99)


def test_the_units_stay_while_the_target_does(simulate: Simulate) -> None:
    steps = simulate([(1, 1), (1, 2), (2, 4), (4, 2)], [1, 1, 1], positions=[0, 0.25])
    assert [step.turnover for step in steps] == [0.25, 0, 0]
    assert [step.equity for step in steps] == pytest.approx([1.25, 1.75, 1.25])


def test_the_other_side_is_two_fills_and_another_size_is_one(simulate: Simulate) -> None:
    reward: dict[str, Any] = {**dict.fromkeys(RewardConfig.model_fields, 0), "max_holding_time_steps": 1}
    reward |= {"activity_bonus_per_trade": 0.01, "hold_penalty_per_step": 0.1, "action_penalty_coefficient": 1}
    positions = [-1, -0.5, 0, 0.5, 1]
    steps = simulate([(1, 1)] * 8, [3, 4, 4, 0, 1, 2, 2], positions=positions, reward=reward)
    assert [step.reward for step in steps] == pytest.approx([-0.99, -1, -0.1, -1.99, -1, -1, -0.1])


def test_without_shorts_negative_positions_are_flat(simulate: Simulate) -> None:
    steps = simulate([(1, 1)] * 4, [2, 0, 1], positions=[-1, -0.5, 0.0], allow_short=False)
    assert [step.position for step in steps] == [0, 0, 0]


def test_an_account_that_lost_everything_overnight_closes_the_trade_that_it_would_resize(simulate: Simulate) -> None:
    steps = simulate([(1, 1), (1, 1), (4, 4)], [1, 0], positions=[-1, -0.5, 0], allow_short=True)
    assert steps[1].closed
    assert (steps[1].position, steps[1].terminated) == (0, True)


def test_an_account_without_equity_opens_nothing(simulate: Simulate) -> None:
    steps = simulate([(1, 1), (1, 1), (3, 3)], [SHORT, LONG])
    assert steps[1].position == 0
    assert steps[1].equity == pytest.approx(-1)
    assert steps[1].terminated


def test_trades_report_their_net_gain(simulate: Simulate) -> None:
    *_, step = simulate([(1, 1), (1, 1.2), (1.2, 1.2)], [LONG, FLAT], commission_rate=0.01)
    assert step.closed
    assert step.closed_gain == pytest.approx(0.2 - 0.01 * (1 + 1.2))


def test_open_trades_have_their_excursions_and_length() -> None:
    opens, closes, nights = [1, 1, 1.2, 0.9, 1.1], [1, 1.2, 0.9, 1.1, 1.1], [0] * 5
    simulator = Simulator(QuoteTable.of(open=opens, close=closes, nights=nights), EnvConfig.model_validate(FREE), 0, 5)
    for _ in range(3):
        simulator.step(LONG)
    account = simulator.account
    assert (account.gain, account.best, account.worst) == pytest.approx((0.1, 0.2, -0.1))
    assert account.held == 3
    ledger = Ledger(Prices(opens, closes, nights), EnvConfig.model_validate(FREE), 0, 5)
    trade = [ledger.step(action) for action in (LONG, LONG, LONG, FLAT)][-1].closed
    assert trade is not None
    assert (trade.gain, trade.best, trade.worst) == pytest.approx((0.1, 0.2, -0.1))
    assert trade.held == 3


def test_a_position_open_at_the_end_is_marked_or_closed_at_its_cost(simulate: Simulate) -> None:
    prices = [(1, 1), (1, 1.1)]
    (marked,) = simulate(prices, [LONG], commission_rate=0.01)
    (closed,) = simulate(prices, [LONG], commission_rate=0.01, close_at_end=True)
    assert not marked.settled
    assert closed.settled
    assert not closed.closed
    assert marked.equity - closed.equity == pytest.approx(0.011)
    assert closed.settled_gain == pytest.approx(closed.equity - 1)
    assert closed.step_return == pytest.approx(closed.equity - 1)
    assert closed.turnover == pytest.approx(marked.turnover + 1.1)


def test_step_returns_compound_to_the_final_equity(simulate: Simulate) -> None:
    prices = [(1, 1), (1.02, 1.05), (1.04, 0.98), (0.97, 1.01), (1.0, 1.07), (1.08, 1.1)]
    steps = simulate(prices, [LONG, SHORT, SHORT, FLAT, LONG], spread=0.01, commission_rate=0.001, position_size=3.0)
    assert math.prod(1 + step.step_return for step in steps) == pytest.approx(steps[-1].equity)


def test_the_reward_is_paid_by_the_configuration(simulate: Simulate) -> None:
    reward = RewardConfig(pnl_coefficient=100, action_penalty_coefficient=0.25)
    (step,) = simulate([(1, 1), (1, 1.01)], [LONG], reward=reward)
    assert step.reward == pytest.approx(1 - 0.25)


@pytest.mark.parametrize("larger", [True, False])
def test_an_account_without_equity_pays_the_costs_of_a_sale_for_a_long_position(
    simulate: Simulate, *, larger: bool
) -> None:
    actions = [1, 2] if larger else [2, 1]
    steps = simulate([(1, 1), (1, 1), (0.4, 0.4)], actions, positions=[0, 0.5, 1], position_size=4, spread=0.02)
    units = 4 * (0.5 if larger else 1) / 1.01
    assert steps[1].closed
    assert steps[1].equity == pytest.approx(1 - units * 1.01 + units * 0.4 * 0.99)
