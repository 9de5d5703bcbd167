"""Units, increments, fills and the bars between decisions, in both backends, beside the ledger and the rules."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.rules.rule_records import HOLD
from fxai.market.rules.simulator import Simulator
from fxai.market.splits.splits import Span
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.step_result import MarketStep
from fxai.spec.fields.env_config import EnvConfig
from market.ledger import Ledger, LedgerStep
from market.random_market import BARS, RandomMarket
from tensors_of_bars import tensors_of_bars
from ways import use_torch_operations

SUMS = ("reward", "turnover")
LAST = ("position", "equity", "terminated", "truncated")


class World(RandomMarket):
    """A random market as tensors, with configurations of lanes that trade in one way."""

    def __init__(self, seed: int, lanes: int, *, own_spread: bool = True, longest_gap: int = 1) -> None:
        super().__init__(seed, own_spread=own_spread)
        hours, ways = self.hours(), self.trading()
        self.configs = [
            self.config(
                **ways,
                **self.cash(ways.get("sizing", "equity_share")),
                **self.stops(),
                **hours,
                step_gap=int(self.rng.integers(1, longest_gap + 1)),
            )
            for _ in range(lanes)
        ]
        tensors = tensors_of_bars(
            open=self.open,
            close=self.close,
            nights=self.nights,
            features=self.rng.normal(size=(BARS, 2)),
            spread=self.spread,
            high=self.high,
            low=self.low,
            book=self.book,
            dtype=torch.float64,
        )
        self.market = MarketTensors.of_table(replace(tensors.table, times=(self.time,)))

    def env(self, starts: torch.Tensor, *, looped: bool, close_at_end: bool) -> MarketEnv:
        lanes, envs = starts.shape
        with pytest.MonkeyPatch.context() as monkeypatch:
            if not looped:
                use_torch_operations(monkeypatch)
            return MarketEnv(
                self.market,
                Span(0, BARS),
                self.configs,
                torch.arange(lanes),
                envs,
                starts=starts,
                close_at_end=close_at_end,
            )


def booked_bars(ledger: Ledger, action: int, gap: int) -> list[LedgerStep]:
    """The bars of one decision."""
    bars = [ledger.step(action)]
    while len(bars) < gap and not (bars[-1].terminated or bars[-1].truncated):
        bars.append(ledger.step(HOLD))
    return bars


def assert_same(step: MarketStep, lane: int, env: int, bars: Sequence[LedgerStep]) -> None:
    expected = {name: float(sum(getattr(bar, name) for bar in bars)) for name in SUMS}
    expected |= {name: float(getattr(bars[-1], name)) for name in LAST}
    expected["step_return"] = math.prod(1 + bar.step_return for bar in bars) - 1
    for name, gain in (("closed", "closed_gain"), ("settled", "settled_gain"), ("exited", "exit_gain")):
        trades = [trade for bar in bars if (trade := getattr(bar, name)) is not None]
        assert len(trades) <= 1
        expected |= {name: float(len(trades)), gain: sum(trade.gain for trade in trades)}
    for name, value in expected.items():
        found = getattr(step, name)[lane, env].item()
        assert math.isclose(found, value, rel_tol=1e-9, abs_tol=1e-9), f"{name}: {found}, in the ledger {value}"


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    own_spread=st.booleans(),
    close_at_end=st.booleans(),
    lanes=st.integers(1, 3),
    longest_gap=st.sampled_from([1, 4]),
    looped=st.booleans(),
)
def test_all_settings_are_those_of_the_ledger(
    *, seed: int, own_spread: bool, close_at_end: bool, lanes: int, longest_gap: int, looped: bool
) -> None:
    world, envs = World(seed, lanes, own_spread=own_spread, longest_gap=longest_gap), 3
    starts = torch.as_tensor(world.rng.integers(5, BARS - 5, (lanes, envs)))
    env = world.env(starts, looped=looped, close_at_end=close_at_end)
    actions = torch.as_tensor(world.actions_of(env.actions, BARS, lanes, envs))
    steps = [env.step(action) for action in actions]
    prices = world.prices(world.configs[0].sessions)
    for lane, config in enumerate(world.configs):
        for column in range(envs):
            ledger = Ledger(prices, config, int(starts[lane, column]), BARS, close_at_end=close_at_end)
            for step, action in zip(steps, actions, strict=True):
                bars = booked_bars(ledger, int(action[lane, column]), config.step_gap)
                assert_same(step, lane, column, bars)
                if bars[-1].terminated or bars[-1].truncated:
                    break
            else:
                pytest.fail("the episode never ended")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), own_spread=st.booleans(), close_at_end=st.booleans())
def test_on_a_cpu_the_settings_are_the_rules_bit_for_bit(*, seed: int, own_spread: bool, close_at_end: bool) -> None:
    world, envs = World(seed, 2, own_spread=own_spread), 2
    starts = torch.as_tensor(world.rng.integers(5, BARS - 5, (2, envs)))
    env = world.env(starts, looped=True, close_at_end=close_at_end)
    actions = torch.as_tensor(world.actions_of(env.actions, BARS, 2, envs))
    steps = [env.step(action) for action in actions]
    quotes = world.quotes(world.configs[0].sessions)
    for lane, config in enumerate(world.configs):
        for column in range(envs):
            simulator = Simulator(quotes, config, int(starts[lane, column]), BARS, close_at_end=close_at_end)
            for step, action in zip(steps, actions, strict=True):
                expected = simulator.step(int(action[lane, column]))
                assert {name: getattr(step, name)[lane, column].item() for name in expected._fields} == (
                    expected._asdict()
                )
                if expected.terminated or expected.truncated:
                    break


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_both_backends_observe_the_same(*, seed: int) -> None:
    world, envs = World(seed, 2, longest_gap=3), 3
    starts = torch.as_tensor(world.rng.integers(5, BARS - 5, (2, envs)))
    looped, by_torch = (world.env(starts, looped=each, close_at_end=False) for each in (True, False))
    for action in torch.as_tensor(world.actions_of(looped.actions, 20, 2, envs)):
        one, two = looped.step(action), by_torch.step(action)
        for name in ("observation", "final_observation"):
            assert torch.allclose(getattr(one, name), getattr(two, name), rtol=1e-9, atol=1e-9)


def flat_market(prices: Sequence[float], features: Sequence[float] | None = None) -> MarketTensors:
    """Bars whose open and close are one price, as those of order-book snapshots."""
    column = np.zeros((len(prices), 1)) if features is None else np.asarray(features)[:, None]
    return tensors_of_bars(open=prices, close=prices, nights=[0] * len(prices), features=column, dtype=torch.float64)


def env_on(prices: Sequence[float], **config: object) -> MarketEnv:
    """One environment from bar 0, without costs."""
    free = {"spread": 0.0, "slippage_rate": 0.0, "commission_rate": 0.0, "observation_window": 1}
    rules = EnvConfig.model_validate(free | config)
    return MarketEnv(
        flat_market(prices), Span(0, len(prices)), [rules], torch.tensor([1]), 1, starts=torch.tensor([[0]])
    )


UNITS = {"sizing": "units", "initial_cash": 1000.0, "actions": "increment"}


@pytest.mark.parametrize("looped", [True, False])
def test_a_step_buys_one_unit_at_the_next_price(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    env = env_on([100, 110, 120, 130, 130], max_position=2, **UNITS)
    steps = [env.step(torch.tensor([[action]])) for action in (2, 2, 0, 0)]
    assert [step.position.item() for step in steps] == [0.5, 1, 0.5, 0]
    cash = [1000 - 110, 1000 - 110 - 120, 1000 - 110 - 120 + 130, 1000 - 110 - 120 + 260]
    equity = [cash[0] + 110, cash[1] + 240, cash[2] + 130, cash[3]]
    assert [step.equity.item() * 1000 for step in steps] == pytest.approx(equity)


@pytest.mark.parametrize("looped", [True, False])
def test_no_step_leaves_the_limits(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    env = env_on([100] * 9, max_position=1, **UNITS)
    held = [env.step(torch.tensor([[action]])).position.item() for action in (2, 2, 0, 0, 0)]
    assert held == [1, 1, 0, -1, -1]
    env = env_on([100] * 9, max_position=1, allow_short=False, **UNITS)
    assert [env.step(torch.tensor([[0]])).position.item() for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("looped", [True, False])
def test_the_stop_loss_of_units_is_a_share_of_the_price(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    env = env_on([100, 100, 99.5, 98, 98, 98], stop_loss=0.01, max_position=3, **UNITS)
    steps = [env.step(torch.tensor([[action]])) for action in (2, 1, 1, 1)]
    assert [bool(step.exited.item()) for step in steps] == [False, False, True, False]
    assert steps[2].equity.item() * 1000 == pytest.approx(998)  # the bar opens below the stop loss, at 98
    assert env.step(torch.tensor([[2]])).position.item() == pytest.approx(1 / 3)


def test_an_observation_has_the_position_and_the_gain_in_percent_of_the_position() -> None:
    env = env_on([100, 100, 101, 101], max_position=2, **UNITS)
    for action in (2, 1):
        step = env.step(torch.tensor([[action]]))
    _, position, gain, held, drawdown = step.observation[0, 0, -1].tolist()
    assert (position, held, drawdown) == (0.5, 2 / 26, 0)
    assert gain == pytest.approx(100 * 0.5 * 1 / 101)


@pytest.mark.parametrize("looped", [True, False])
def test_an_exit_between_decisions_stays_flat_until_the_next_one(
    *, looped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    env = env_on([100, 100, 90, 95, 95, 95, 95], stop_loss=0.05, step_gap=3, max_episode_steps=5)
    first = env.step(torch.tensor([[2]]))
    assert (first.exited.item(), first.position.item(), first.equity.item()) == (True, 0, pytest.approx(0.9))
    second = env.step(torch.tensor([[2]]))
    assert (second.position.item(), second.truncated.item(), second.terminated.item()) == (1, True, False)


@pytest.mark.parametrize("looped", [True, False])
def test_the_order_is_filled_at_the_bar_after_the_decision(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fill depends on the next bar alone: neither on the bar of the decision nor on the bars after the fill."""
    if not looped:
        use_torch_operations(monkeypatch)

    def filled(*prices: float) -> float:
        env = env_on(prices, step_gap=2, max_position=1, fill="mid_with_slippage", **UNITS)
        env.step(torch.tensor([[1]]))
        return env.step(torch.tensor([[2]])).turnover.item()

    base = filled(100, 100, 100, 110, 120, 130)
    assert base == pytest.approx(110 / 1000)
    assert filled(100, 100, 90, 110, 125, 150) == base
    assert filled(100, 100, 100, 111, 120, 130) == pytest.approx(111 / 1000)


@pytest.mark.parametrize("looped", [True, False])
def test_an_order_takes_the_levels_of_the_bar_of_its_fill(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    asks, bids = [(0.01, 1.0), (0.02, 0.5)], [(0.03, 1.0), (0.05, 9.0)]
    prices = [100.0] * 4
    book = np.array([[[(9.0, 9.0)] * 2] * 2, *[[asks, bids]] * 3])  # the bar of the decision has another book
    market = tensors_of_bars(
        open=prices, close=prices, nights=[0] * 4, features=np.zeros((4, 1)), book=book, dtype=torch.float64
    )
    config = EnvConfig.model_validate(
        {**UNITS, "actions": "target", "max_position": 2, "fill": "walk_the_book", "slippage_rate": 0.0}
        | {"commission_rate": 0.0, "observation_window": 1}
    )
    env = MarketEnv(market, Span(0, 4), [config], torch.tensor([1]), 1, starts=torch.tensor([[0]]))
    bought, flipped = (env.step(torch.tensor([[action]])) for action in (4, 1))
    paid = 100 * (1 * 1.01 + 0.5 * 1.02 + 0.5 * 1.02)  # the last half unit is beyond the last level
    assert bought.equity.item() * 1000 == pytest.approx(1000 - paid + 200)
    got = 100 * (1 * 0.97 + 2 * 0.95)  # one order of three units
    assert flipped.equity.item() * 1000 == pytest.approx(1000 - paid + got - 100)


def test_what_comes_after_a_decision_does_not_change_its_observation() -> None:
    prices = np.linspace(100, 110, 12)
    changed = np.where(np.arange(12) > 6, prices * 1.5, prices)
    seen = []
    for each in (prices, changed):
        env = env_on(each.tolist(), step_gap=2, max_position=2, **UNITS)
        seen.append(torch.stack([env.step(torch.tensor([[2]])).observation for _ in range(3)]))
    assert torch.equal(*seen)


@pytest.mark.parametrize("looped", [True, False])
def test_time_outs_are_truncations_with_the_last_observation(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    env = env_on([100 + bar for bar in range(12)], step_gap=2, max_position=1, max_episode_steps=5, **UNITS)
    steps = [env.step(torch.tensor([[2]])) for _ in range(3)]
    assert [step.truncated.item() for step in steps] == [False, False, True]
    assert not any(step.terminated.item() for step in steps)
    assert steps[2].final_observation[0, 0, -1, 1].item() == 1  # the position is still open, as a bootstrap needs
    assert steps[2].observation[0, 0, -1, 1].item() == 0


def test_lanes_may_differ_in_the_gap_and_the_cash_only() -> None:
    configs = [EnvConfig.model_validate({"observation_window": 1, **UNITS, "step_gap": gap}) for gap in (1, 3)]
    env = MarketEnv(flat_market([1.0] * 20), Span(0, 20), configs, torch.arange(2), 1, starts=torch.zeros(2, 1).long())
    env.step(torch.ones(2, 1, dtype=torch.int64))
    assert env.state()["bar"].flatten().tolist() == [1, 3]
    other = EnvConfig(observation_window=1)
    with pytest.raises(ValueError, match="same actions"):
        MarketEnv(flat_market([1.0] * 20), Span(0, 20), [configs[0], other], torch.arange(2), 1)
