"""Stop loss, take profit and margin by examples, in the simulator and in the ledger."""

from collections.abc import Sequence
from typing import Any, Protocol

import pytest

from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.rules import Action
from fxai.market.rules.simulator import Simulator
from fxai.spec.fields.env_config import EnvConfig
from market.ledger import Ledger, Prices

SHORT, FLAT, LONG = Action.SHORT, Action.FLAT, Action.LONG
FREE = {"spread": 0.0, "slippage_rate": 0.0, "commission_rate": 0.0, "drawdown_limit": 1.0}
FIRST = (1, 1, 1, 1)  # the bar that is observed first: open, high, low, close

Seen = list[tuple[float, float, float]]
"""Of each step: position after the fills at the open, price of an exit divided by the open, equity."""


class Simulate(Protocol):
    """Steps on bars of (open, high, low, close)."""

    def __call__(
        self, bars: Sequence[tuple[float, float, float, float]], actions: Sequence[int], **config: Any
    ) -> Seen: ...


@pytest.fixture(params=["simulator", "ledger"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    def steps(bars: Sequence[tuple[float, float, float, float]], actions: Sequence[int], **config: Any) -> Seen:
        opens, highs, lows, closes = zip(FIRST, *bars, strict=True)
        rules, count = EnvConfig.model_validate(FREE | config), len(opens)
        nights = [0] * count
        if request.param == "ledger":
            ledger = Ledger(Prices(opens, closes, nights, high=highs, low=lows), rules, 0, count)
            booked = [ledger.step(action) for action in actions]
            return [(step.position, step.exit_price, step.equity) for step in booked]
        table = QuoteTable.of(open=opens, close=closes, nights=nights, high=highs, low=lows)
        simulator = Simulator(table, rules, 0, count)
        found = [simulator.step(action) for action in actions]
        return [(step.position, step.exit_price, step.equity) for step in found]

    return steps


def close_to(*expected: tuple[float, float, float]) -> Any:
    return [pytest.approx(each) for each in expected]


def test_a_stop_fills_at_its_level_in_the_bar_that_the_position_is_opened_in(simulate: Simulate) -> None:
    assert simulate([(2, 2.1, 1.7, 2)], [LONG], stop_loss=0.1) == close_to((1, 0.9, 0.9))
    assert simulate([(2, 2.3, 1.9, 2)], [SHORT], stop_loss=0.1) == close_to((-1, 1.1, 0.9))
    assert simulate([(2, 2.1, 1.81, 1.9)], [LONG], stop_loss=0.1) == close_to((1, 0, 0.95))


def test_a_profit_is_taken_at_its_level(simulate: Simulate) -> None:
    assert simulate([(2, 2.3, 1.9, 2)], [LONG], take_profit=0.1) == close_to((1, 1.1, 1.1))
    assert simulate([(2, 2.3, 1.7, 2)], [SHORT], take_profit=0.1) == close_to((-1, 0.9, 1.1))


@pytest.mark.parametrize(("action", "position", "level"), [(LONG, 1, 0.9), (SHORT, -1, 1.1)])
def test_where_a_bar_reaches_both_the_stop_fills(simulate: Simulate, action: int, position: int, level: float) -> None:
    bars = [(1, 1.2, 0.8, 1.1)]
    assert simulate(bars, [action], stop_loss=0.1, take_profit=0.1) == close_to((position, level, 0.9))


def test_a_bar_that_opens_beyond_a_level_fills_at_the_open(simulate: Simulate) -> None:
    levels = {"stop_loss": 0.1, "take_profit": 0.1}
    fall, rise = (0.8, 1.3, 0.7, 1), (1.3, 1.4, 0.7, 1)
    assert simulate([FIRST, fall], [LONG, LONG], **levels)[1] == pytest.approx((1, 1, 0.8))
    assert simulate([FIRST, rise], [LONG, LONG], **levels)[1] == pytest.approx((1, 1, 1.3))
    assert simulate([FIRST, rise], [SHORT, SHORT], **levels)[1] == pytest.approx((-1, 1, 0.7))
    assert simulate([FIRST, fall], [SHORT, SHORT], **levels)[1] == pytest.approx((-1, 1, 1.2))


def test_the_order_at_the_open_comes_before_the_stop(simulate: Simulate) -> None:
    bars = [FIRST, (1, 1.05, 0.8, 0.9)]
    assert simulate(bars, [LONG, FLAT], stop_loss=0.1)[1] == pytest.approx((0, 0, 1))
    assert simulate(bars, [LONG, SHORT], stop_loss=0.1)[1] == pytest.approx((-1, 0, 1.1))


def test_after_a_stop_the_account_is_flat_until_the_next_open_where_the_same_target_opens_again(
    simulate: Simulate,
) -> None:
    bars = [(1, 1, 0.5, 0.6), (1, 1.05, 0.95, 1.02), (1.02, 1.02, 1, 1)]
    stopped, again, flat = simulate(bars, [LONG, LONG, FLAT], stop_loss=0.1)
    assert stopped == pytest.approx((1, 0.9, 0.9))
    assert again == pytest.approx((1, 0, 0.9 * 1.02))
    assert flat == pytest.approx((0, 0, 0.9 * 1.02))


def test_the_level_is_at_a_distance_from_the_fill_and_the_exit_pays_the_costs_of_a_fill(simulate: Simulate) -> None:
    costs = {"spread": 0.02, "slippage_rate": 0.01, "commission_rate": 0.005}
    ((position, price, equity),) = simulate([(1, 1, 0.5, 0.6)], [LONG], stop_loss=0.1, **costs)
    assert (position, price) == pytest.approx((1, 0.9 * 1.02))
    units, sold_at = 1 / 1.02, 0.9 * 1.02 * 0.98
    assert equity == pytest.approx(1 - 0.005 - 1 + units * sold_at * (1 - 0.005))


def test_the_level_follows_the_average_price_of_the_fills_that_increase_a_position(simulate: Simulate) -> None:
    positions = [0, 0.5, 1]
    bars = [(1, 1, 1, 1), (2, 2, 2, 2), (2, 2, 1, 1.3)]
    opened, grown, stopped = simulate(bars, [1, 2, 2], positions=positions, stop_loss=0.2)
    units, average = 0.75, (0.5 * 1 + 0.25 * 2) / 0.75
    assert [opened[1], grown[1]] == [0, 0]
    assert stopped == pytest.approx((1, 0.8 * average / 2, 1.5 + units * (0.8 * average - 2)))
    shrunk = simulate([(1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 0.7, 1)], [2, 1, 1], positions=positions, stop_loss=0.2)
    assert shrunk[2] == pytest.approx((0.5, 0.8, 0.9))


def test_a_position_is_closed_where_its_equity_is_the_stop_out_level_of_its_margin(simulate: Simulate) -> None:
    margin = {"position_size": 5, "leverage": 10, "stop_out_level": 0.5}
    # long: 1 + 5 (p - 1) = 0.5 * 5 p / 10; short: 1 - 5 (p - 1) = 0.5 * 5 p / 10
    long, short = 4 / 4.75, 6 / 5.25
    assert simulate([(1, 1.1, 0.84, 1)], [LONG], **margin) == close_to((1, long, 1 + 5 * (long - 1)))
    assert simulate([(1, 1.15, 0.9, 1)], [SHORT], **margin) == close_to((-1, short, 1 - 5 * (short - 1)))
    assert simulate([(1, 1.1, 0.85, 1)], [LONG], **margin) == close_to((1, 0, 1))


def test_a_bar_that_opens_beyond_the_stop_out_fills_at_the_open(simulate: Simulate) -> None:
    margin = {"position_size": 5, "leverage": 10}
    assert simulate([FIRST, (0.75, 0.9, 0.7, 0.8)], [LONG, LONG], **margin)[1] == pytest.approx((1, 1, -0.25))


@pytest.mark.parametrize(("stop_loss", "price"), [(0.1, 0.9), (0.5, 4 / 4.75)])
def test_the_nearer_one_of_stop_loss_and_stop_out_fills(simulate: Simulate, stop_loss: float, price: float) -> None:
    margin = {"position_size": 5, "leverage": 10, "stop_loss": stop_loss}
    assert simulate([(1, 1, 0.5, 1)], [LONG], **margin) == close_to((1, price, 1 + 5 * (price - 1)))


def test_an_order_that_needs_more_margin_than_the_equity_is_cut(simulate: Simulate) -> None:
    sizes = {"position_size": 20, "leverage": 5, "positions": [-1, 0, 0.1, 1]}
    ((position, _, equity),) = simulate([(1, 1.1, 0.95, 1.1)], [3], **sizes)
    assert (position, equity) == pytest.approx((0.25, 1.5))
    assert simulate([(1, 1, 1, 1)], [0], **sizes)[0][0] == -0.25
    assert simulate([(1, 1, 1, 1)], [2], **sizes)[0][0] == pytest.approx(0.1)


def test_bars_without_high_and_low_reach_from_open_to_close() -> None:
    table = QuoteTable.of(open=[1, 1, 1], close=[1, 0.5, 1.2], nights=[0] * 3)
    simulator = Simulator(table, EnvConfig.model_validate(FREE | {"stop_loss": 0.1, "take_profit": 0.1}), 0, 3)
    assert [simulator.step(LONG).exit_price for _ in range(2)] == pytest.approx([0.9, 1.1])
