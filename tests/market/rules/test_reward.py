"""The reward's terms by examples, each in the rules and in the ledger."""

from dataclasses import replace

import pytest

from fxai.market.rules import reward as rules
from fxai.market.rules.stops import Exit
from fxai.spec.fields.env_config import RewardConfig
from market.ledger_reward import StepFigures, Trade, step_reward

OFF = dict.fromkeys(
    (name for name in RewardConfig.model_fields if name.endswith(("coefficient", "_trade", "_step"))), 0
)
QUIET = StepFigures(
    step_return=0.0, drawdown=0.0, terminated=False, fills=0, opened=False, closed=None, exited=None, open_trade=None
)
WON = Trade(gain=0.004, best=0.006, worst=-0.001, held=45)
LOST = Trade(gain=-0.004, best=0.001, worst=-0.005, held=45)


def paid(step: StepFigures, **changes: float) -> float:
    """The reward, which is the same by the rules and by the ledger."""
    reward = RewardConfig.model_validate(OFF | changes)
    booked = step_reward(step, reward)
    assert rules.step_reward(as_rules_have_it(step), reward) == pytest.approx(booked, rel=1e-12)
    return booked


def as_rules_have_it(step: StepFigures) -> rules.StepFigures:
    none = Trade(gain=0.0, best=0.0, worst=0.0, held=0)
    trade, closed, exited = step.open_trade or none, step.closed or none, step.exited or none
    closings = (step.closed is not None) + (step.exited is not None)
    return rules.StepFigures(
        step_return=step.step_return,
        drawdown=step.drawdown,
        gain=trade.gain,
        best=trade.best,
        worst=trade.worst,
        held=trade.held,
        closed_gain=closed.gain,
        closed_worst=closed.worst,
        closed_held=closed.held,
        opened=step.opened,
        closed=step.closed is not None,
        resized=step.fills > step.opened + closings,
        terminated=step.terminated,
        exit=Exit(0.99 if step.exited else 0.0, exited.gain, exited.worst, exited.held),
    )


def test_all_twelve_coefficients_can_be_off() -> None:
    assert len(OFF) == 12
    busy = StepFigures(0.01, 0.2, terminated=True, fills=2, opened=True, closed=WON, exited=WON, open_trade=LOST)
    assert paid(busy) == 0


def test_pnl_pays_the_step_return_whatever_its_sign() -> None:
    assert paid(replace(QUIET, step_return=0.01), pnl_coefficient=100) == pytest.approx(1)
    assert paid(replace(QUIET, step_return=-0.01), pnl_coefficient=100) == pytest.approx(-1)


@pytest.mark.parametrize(("held", "penalty"), [(180, 0), (181, 2 / 180), (360, 2)])
def test_holding_costs_from_the_step_after_the_limit(held: int, penalty: float) -> None:
    step = replace(QUIET, open_trade=replace(WON, held=held))
    assert paid(step, holding_penalty_coefficient=2, max_holding_time_steps=180) == pytest.approx(-penalty)
    assert paid(QUIET, holding_penalty_coefficient=2, max_holding_time_steps=1) == 0


def test_one_percent_of_drawdown_costs_a_hundredth_of_the_coefficient() -> None:
    assert paid(replace(QUIET, drawdown=0.01), drawdown_penalty_coefficient=5) == pytest.approx(-0.05)


def test_bankruptcy_costs_its_coefficient() -> None:
    assert paid(replace(QUIET, terminated=True), bankruptcy_penalty_coefficient=50) == -50
    assert paid(QUIET, bankruptcy_penalty_coefficient=50) == 0


@pytest.mark.parametrize(("gain", "penalty"), [(0.010, 0), (0.007, 0), (0.006, 0.001), (0.0, 0.007), (-0.1, 0.007)])
def test_giving_back_costs_beyond_the_allowed_share_of_the_best_gain(gain: float, penalty: float) -> None:
    step = replace(QUIET, open_trade=Trade(gain=gain, best=0.01, worst=min(gain, 0), held=1))
    changes = {"profit_giveback_penalty_coefficient": 2, "profit_giveback_threshold": 0.3}
    assert paid(step, **changes) == pytest.approx(-2 * penalty)


def test_a_deep_loss_of_the_open_trade_costs_beyond_the_threshold_even_when_recovered() -> None:
    step = replace(QUIET, open_trade=Trade(gain=0.001, best=0.001, worst=-0.03, held=9))
    changes = {"max_drawdown_penalty_coefficient": 15, "max_drawdown_threshold_percent": 0.01}
    assert paid(step, **changes) == pytest.approx(-15 * 0.02)
    assert paid(replace(QUIET, open_trade=replace(WON, worst=-0.009)), **changes) == 0


def test_closing_pays_for_profit_and_never_costs() -> None:
    assert paid(replace(QUIET, closed=WON), profit_closing_bonus_coefficient=100) == pytest.approx(0.4)
    assert paid(replace(QUIET, closed=LOST), profit_closing_bonus_coefficient=100) == 0


def test_a_clean_trade_earns_half_its_coefficient_at_a_gain_of_one_over_the_multiplier() -> None:
    changes = {"clean_trade_coefficient": 10, "base_multiplier": 250, "min_gain_threshold": 0.001}
    assert paid(replace(QUIET, closed=WON), **changes, max_mae_threshold=0.001) == pytest.approx(5)
    assert paid(replace(QUIET, closed=WON), **changes, max_mae_threshold=0.0009) == 0
    assert paid(replace(QUIET, closed=WON), **(changes | {"min_gain_threshold": 0.004})) == 0
    assert paid(replace(QUIET, closed=LOST), **changes) == 0


def test_opening_holding_still_and_filling_are_counted_apart() -> None:
    flip = replace(QUIET, fills=2, opened=True, closed=LOST, open_trade=WON)
    close = replace(QUIET, fills=1, closed=LOST)
    resize = replace(QUIET, fills=1, open_trade=WON)
    steps = (flip, close, resize, QUIET)
    assert [paid(step, activity_bonus_per_trade=0.025) for step in steps] == [0.025, 0, 0, 0]
    assert [paid(step, hold_penalty_per_step=0.01) for step in steps] == [0, 0, 0, -0.01]
    assert [paid(step, action_penalty_coefficient=0.1) for step in steps] == [-0.2, -0.1, -0.1, 0]


def test_profit_is_worth_more_the_quicker_it_came() -> None:
    changes = {"quick_profit_bonus_coefficient": 1, "max_holding_time_steps": 180}
    assert paid(replace(QUIET, closed=WON), **changes) == pytest.approx(0.004 * 0.75)
    assert paid(replace(QUIET, closed=replace(WON, held=180)), **changes) == 0
    assert paid(replace(QUIET, closed=LOST), **changes) == 0


def test_a_trade_that_is_closed_within_the_bar_earns_what_a_closed_trade_earns() -> None:
    coefficients: dict[str, float] = {"profit_closing_bonus_coefficient": 10, "quick_profit_bonus_coefficient": 3}
    coefficients |= {"clean_trade_coefficient": 8, "min_gain_threshold": 0.001, "max_mae_threshold": 0.002}
    closed, exited = replace(QUIET, fills=1, closed=WON), replace(QUIET, fills=1, exited=WON)
    assert paid(exited, **coefficients) == paid(closed, **coefficients) > 0
    both = replace(QUIET, fills=3, opened=True, closed=WON, exited=WON)
    assert paid(both, **coefficients) == pytest.approx(2 * paid(closed, **coefficients))
    assert paid(exited, hold_penalty_per_step=0.01) == 0
    assert paid(both, action_penalty_coefficient=0.1) == pytest.approx(-0.3)
