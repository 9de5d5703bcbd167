import math
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.rules.rule_records import Account
from fxai.market.rules.sessions import session_codes
from fxai.market.rules.simulator import Simulator
from fxai.market.splits.splits import Span
from fxai.rl.environment.account import Accounts
from fxai.rl.environment.episodes import Episodes
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.environment.step_result import MarketStep
from fxai.spec.fields.env_config import EnvConfig
from market.ledger import Ledger, LedgerStep, Prices
from market.random_market import BARS, RandomMarket
from tensors_of_bars import tensors_of_bars
from ways import use_torch_operations

FEATURES = 3
MARKS = ("position", "equity", "step_return", "turnover", "reward", "terminated", "truncated")


class World(RandomMarket):
    """A random market with features, as tensors."""

    def __init__(self, seed: int, *, own_spread: bool = True, dtype: torch.dtype = torch.float64) -> None:
        super().__init__(seed, own_spread=own_spread)
        self.features = self.rng.normal(size=(BARS, FEATURES))
        tensors = tensors_of_bars(
            open=self.open,
            close=self.close,
            nights=self.nights,
            features=self.features,
            spread=self.spread,
            high=self.high,
            low=self.low,
            dtype=dtype,
        )
        self.market = MarketTensors.of_table(replace(tensors.table, times=(self.time,)))

    def starts(self, lanes: int, envs: int) -> torch.Tensor:
        return torch.as_tensor(self.rng.integers(5, BARS - 5, (lanes, envs)))

    def actions(self, steps: int, lanes: int, envs: int, positions: tuple[float, ...] | None = None) -> torch.Tensor:
        """As `orders`, [step, lane, env]."""
        return torch.as_tensor(self.orders(steps, lanes, envs, positions=positions))


def play(env: MarketEnv, actions: torch.Tensor) -> list[MarketStep]:
    return [env.step(action) for action in actions]


def assert_same(batched: MarketStep, lane: int, env: int, booked: LedgerStep) -> None:
    expected = {name: float(getattr(booked, name)) for name in (*MARKS, "exit_price")}
    for name, trade in (("closed", booked.closed), ("settled", booked.settled), ("exited", booked.exited)):
        gain = "exit_gain" if name == "exited" else f"{name}_gain"
        expected |= {name: float(trade is not None), gain: 0.0 if trade is None else trade.gain}
    for name, value in expected.items():
        found = getattr(batched, name)[lane, env].item()
        assert math.isclose(found, value, rel_tol=1e-9, abs_tol=1e-9), f"{name}: {found}, in the ledger {value}"


def assert_identical(some: list[MarketStep], others: list[MarketStep], lanes: slice = slice(None)) -> None:
    """Bit for bit: the lanes of some steps are those of the others."""
    for name in (*MARKS, "observation", "final_observation"):
        one = torch.stack([getattr(step, name)[lanes] for step in some])
        assert torch.equal(one, torch.stack([getattr(step, name) for step in others])), name


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    own_spread=st.booleans(),
    close_at_end=st.booleans(),
    lanes=st.integers(1, 4),
    looped=st.booleans(),
)
def test_it_is_the_ledger_for_every_lane_and_environment(
    *, seed: int, own_spread: bool, close_at_end: bool, lanes: int, looped: bool
) -> None:
    world, envs = World(seed, own_spread=own_spread), 3
    positions = world.positions()
    hours = world.hours()
    configs = [world.config(positions=positions, **world.stops(), **world.margin(), **hours) for _ in range(lanes)]
    prices = world.prices(configs[0].sessions)
    starts = world.starts(lanes, envs)
    actions = world.actions(BARS, lanes, envs, positions)
    with pytest.MonkeyPatch.context() as monkeypatch:
        if not looped:
            use_torch_operations(monkeypatch)
        env = MarketEnv(
            world.market, Span(0, BARS), configs, torch.arange(lanes), envs, starts=starts, close_at_end=close_at_end
        )
    steps = play(env, actions)
    for lane in range(lanes):
        for column in range(envs):
            ledger = Ledger(prices, configs[lane], int(starts[lane, column]), BARS, close_at_end=close_at_end)
            for step, action in zip(steps, actions, strict=True):
                booked = ledger.step(int(action[lane, column]))
                assert_same(step, lane, column, booked)
                if booked.terminated or booked.truncated:
                    break
            else:
                pytest.fail("the episode never ended")


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), own_spread=st.booleans(), close_at_end=st.booleans())
def test_on_a_cpu_it_runs_the_rules_as_they_stand(*, seed: int, own_spread: bool, close_at_end: bool) -> None:
    """Compiled and in plain Python the rules come to the same numbers, bit for bit."""
    world, lanes, envs = World(seed, own_spread=own_spread), 2, 2
    positions = world.positions()
    hours = world.hours()
    configs = [world.config(positions=positions, **world.stops(), **world.margin(), **hours) for _ in range(lanes)]
    quotes = world.quotes(configs[0].sessions)
    starts, actions = world.starts(lanes, envs), world.actions(BARS, lanes, envs, positions)
    env = MarketEnv(
        world.market, Span(0, BARS), configs, torch.arange(lanes), envs, starts=starts, close_at_end=close_at_end
    )
    steps = play(env, actions)
    for lane in range(lanes):
        for column in range(envs):
            start = int(starts[lane, column])
            simulator = Simulator(quotes, configs[lane], start, BARS, close_at_end=close_at_end)
            for step, action in zip(steps, actions, strict=True):
                expected = simulator.step(int(action[lane, column]))
                found = {name: getattr(step, name)[lane, column].item() for name in expected._fields}
                assert found == expected._asdict()
                if expected.terminated or expected.truncated:
                    break
            else:
                pytest.fail("the episode never ended")


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), window=st.integers(1, 6))
def test_the_loops_observe_what_torch_observes(*, seed: int, window: int) -> None:
    """Bit for bit, in windows that begin before the first bar too, and after a state is restored."""
    world, lanes, envs = World(seed, dtype=torch.float32), 2, 3
    configs = [world.config(observation_window=window) for _ in range(lanes)]
    starts = torch.as_tensor(world.rng.integers(0, BARS - 5, (lanes, envs)))
    arguments = world.market, Span(0, BARS), configs, torch.arange(lanes), envs
    looped = MarketEnv(*arguments, starts=starts)
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_torch_operations(monkeypatch)
        by_torch = MarketEnv(*arguments, starts=starts)
    assert torch.equal(looped.reset(), by_torch.reset())
    play(looped, world.actions(4, lanes, envs))
    state = {name: tensor.clone() for name, tensor in looped.state().items()}
    assert torch.equal(looped.restore(state), by_torch.restore(state))


def test_accounts_of_all_environments_keep_the_records_of_the_rules() -> None:
    assert [field.name for field in fields(Accounts)] == [field.name for field in fields(Account)]
    fresh = {name: tensor.item() for name, tensor in Accounts.fresh(torch.empty(())).tensors().items()}
    assert fresh == asdict(Account())


def test_an_account_that_lost_everything_overnight_opens_nothing() -> None:
    opens, closes = [1.0, 1.0, 3.0], [1.0, 1.0, 3.0]
    market = tensors_of_bars(open=opens, close=closes, nights=[0] * 3, features=np.zeros((3, 1)), dtype=torch.float64)
    config = EnvConfig(observation_window=1)
    env = MarketEnv(market, Span(0, 3), [config], torch.tensor([1]), 1, starts=torch.tensor([[0]]))
    ledger = Ledger(Prices(opens, closes, [0] * 3), config, 0, 3)
    for action in (0, 2):
        step, booked = env.step(torch.tensor([[action]])), ledger.step(action)
        assert_same(step, 0, 0, booked)
    assert (booked.position, booked.terminated) == (0, True)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), dtype=st.sampled_from([torch.float32, torch.float64]))
def test_a_lane_alone_is_bit_identical_to_the_lane_in_a_pack(seed: int, dtype: torch.dtype) -> None:
    world, lanes, envs = World(seed, dtype=dtype), 4, 5
    configs = [world.config() for _ in range(lanes)]
    seeds = torch.as_tensor(world.rng.integers(0, 2**62, lanes))
    actions = world.actions(2 * BARS, lanes, envs)
    packed = MarketEnv(world.market, Span(0, BARS), configs, seeds, envs)
    pack = play(packed, actions)
    for lane in range(lanes):
        one = slice(lane, lane + 1)
        alone = play(MarketEnv(world.market, Span(0, BARS), configs[one], seeds[one], envs), actions[:, one])
        assert_identical(pack, alone, one)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), taken=st.integers(0, 100))
def test_a_restored_environment_continues_identically(seed: int, taken: int) -> None:
    world, lanes, envs = World(seed), 2, 3
    configs = [world.config() for _ in range(lanes)]
    actions = world.actions(taken + 30, lanes, envs)

    def new() -> MarketEnv:
        return MarketEnv(world.market, Span(0, BARS), configs, torch.arange(lanes), envs)

    env = new()
    before = play(env, actions[:taken])
    saved = {name: tensor.clone() for name, tensor in env.state().items()}
    expected = play(env, actions[taken:])
    other = new()
    observation = other.restore(saved)
    if before:
        assert torch.equal(observation, before[-1].observation)
    assert_identical(expected, play(other, actions[taken:]))


def test_accounts_of_an_earlier_release_are_restored() -> None:
    world, configs = World(5), [World(5).config()]
    env = MarketEnv(world.market, Span(0, BARS), configs, torch.arange(1), 2)
    play(env, world.actions(4, 1, 2))
    state = {name: tensor.clone() for name, tensor in env.state().items()}
    expected = play(env, world.actions(20, 1, 2))
    del state["account.entry_value"]
    world = World(5)
    other = MarketEnv(world.market, Span(0, BARS), configs, torch.arange(1), 2)
    world.actions(4, 1, 2)
    other.restore(state)
    assert_identical(expected, play(other, world.actions(20, 1, 2)))


def test_an_observation_is_the_window_of_features_and_the_account_in_its_last_row() -> None:
    world = World(3)
    config = world.config(window=4, position_size=2.0, max_episode_steps=20, drawdown_limit=1.0)
    env = MarketEnv(
        world.market, Span(0, BARS), [config], torch.zeros(1, dtype=torch.int64), 1, starts=torch.tensor([[9]])
    )
    assert env.observation_shape == (4, FEATURES + 4)
    flat = env.reset()[0, 0]
    assert torch.equal(flat[:, :FEATURES], torch.as_tensor(world.features[6:10]))
    assert not flat[:, FEATURES:].any()
    ledger = Ledger(world.prices(), config, 9, BARS)
    for _ in range(2):
        booked = ledger.step(2)
        step = env.step(torch.tensor([[2]]))
    seen = step.observation[0, 0]
    assert torch.equal(seen[:, :FEATURES], torch.as_tensor(world.features[8:12]))
    assert not seen[:-1, FEATURES:].any()
    position, gain, held, drawdown = seen[-1, FEATURES:].tolist()
    assert (position, held) == (1.0, 2 / 26)
    assert gain == pytest.approx((booked.equity - 1) / 2 * 100)
    assert drawdown >= 0


def test_future_bars_do_not_change_observations_and_rewards() -> None:
    world = World(4)
    config = world.config(max_episode_steps=30)
    seen_until = 25
    changed = np.random.default_rng(5).normal(size=(BARS, FEATURES))
    changed[: seen_until + 1] = world.features[: seen_until + 1]
    close = np.where(np.arange(BARS) > seen_until, world.close * 1.3, world.close)
    opens = np.where(np.arange(BARS) > seen_until, world.open * 1.3, world.open)
    future = tensors_of_bars(
        open=opens,
        close=close,
        nights=world.nights,
        features=changed,
        spread=world.spread,
        dtype=torch.float64,
    )
    actions = world.actions(seen_until - 10, 1, 1)
    start = torch.tensor([[10]])
    runs = [
        play(MarketEnv(market, Span(0, BARS), [config], torch.zeros(1, dtype=torch.int64), 1, starts=start), actions)
        for market in (world.market, future)
    ]
    for one, two in zip(*runs, strict=True):
        assert torch.equal(one.observation, two.observation)
        assert torch.equal(one.reward, two.reward)


def test_where_an_episode_ends_the_next_observation_is_of_a_new_one_and_the_final_one_of_the_old() -> None:
    world = World(6)
    config = world.config(max_episode_steps=2, drawdown_limit=1.0, position_size=0.1)
    env = MarketEnv(world.market, Span(0, BARS), [config], torch.tensor([7]), 4)
    first = env.step(torch.full((1, 4), 2))
    assert not (first.terminated | first.truncated).any()
    assert torch.equal(first.observation, first.final_observation)
    second = env.step(torch.full((1, 4), 2))
    assert second.truncated.all()
    assert not second.terminated.any()
    assert (second.final_observation[..., -1, FEATURES] == 1).all()
    assert not second.observation[..., FEATURES:].any()


def test_drawn_episodes_stay_in_their_span_fit_into_it_and_differ() -> None:
    world = World(8)
    world.features[:, 0] = np.arange(BARS)
    market = tensors_of_bars(
        open=world.open, close=world.close, nights=world.nights, features=world.features, dtype=torch.float64
    )
    config = world.config(max_episode_steps=10, drawdown_limit=1.0, position_size=0.1)
    env = MarketEnv(market, Span(20, 45), [config, config], torch.tensor([1, 2]), 8)
    flat = torch.ones(2, 8, dtype=torch.int64)
    firsts = [env.reset()[..., -1, 0]]
    lasts = []
    for number in range(1, 301):
        step = env.step(flat)
        assert step.truncated.all() == (number % 10 == 0)
        if number % 10 == 0:
            firsts.append(step.observation[..., -1, 0])
            lasts.append(step.final_observation[..., -1, 0])
    starts = torch.stack(firsts)
    assert set(starts.unique().tolist()) == set(range(22, 35))
    assert torch.equal(torch.stack(lasts), starts[:-1] + 10)
    assert not torch.equal(starts[:, 0], starts[:, 1])


def test_a_span_shorter_than_an_episode_is_taken_whole() -> None:
    world = World(9)
    config = world.config(max_episode_steps=100, drawdown_limit=1.0, position_size=0.1)
    env = MarketEnv(world.market, Span(10, 20), [config], torch.tensor([1]), 2)
    steps = play(env, torch.ones(7, 1, 2, dtype=torch.int64))
    assert [bool(step.truncated.all()) for step in steps] == [False] * 6 + [True]


@given(seed=st.integers(0, 2**32), window=st.integers(1, 4), steps=st.integers(2, 12))
def test_no_episode_and_no_window_crosses_a_gap_between_spans(*, seed: int, window: int, steps: int) -> None:
    spans = [[Span(0, 9), Span(12, 15), Span(20, 40)], [Span(3, 30)], [Span(5, 12), Span(30, 31)]]
    seeds = torch.tensor([seed, seed + 1, seed + 2])
    episodes = Episodes(spans, window=window, steps=[steps] * 3, seeds=seeds, envs=4)
    for _ in range(100):
        starts, ends = episodes.next()
        for lane, of_lane in enumerate(spans):
            for start, end in zip(starts[lane].tolist(), ends[lane].tolist(), strict=True):
                (span,) = [span for span in of_lane if span.start <= start < span.stop]
                assert span.start + window - 1 <= start < end == min(start + steps, span.stop - 1)


def test_each_span_has_as_many_starts_as_its_share_of_steps() -> None:
    spans = [[Span(0, 21), Span(30, 91)]]
    episodes = Episodes(spans, window=1, steps=[50], seeds=torch.tensor([5]), envs=4000)
    starts, _ = episodes.next()
    in_first = (starts < 21).double().mean().item()
    assert in_first == pytest.approx(20 / 80, abs=0.03)
    assert set(starts.unique().tolist()) == {0, *range(30, 41)}


def test_a_lane_draws_the_same_episodes_whatever_spans_other_lanes_have() -> None:
    spans = [[Span(0, 9), Span(12, 30)], [Span(3, 30)], [Span(1, 8), Span(9, 14), Span(20, 33)]]
    seeds = torch.tensor([7, 8, 9])

    def drawn(lanes: list[int]) -> torch.Tensor:
        chosen = [spans[lane] for lane in lanes]
        episodes = Episodes(chosen, window=2, steps=[5] * len(lanes), seeds=seeds[lanes], envs=6)
        return torch.stack([torch.stack(episodes.next()) for _ in range(70)])  # [step, start or end, lane, env]

    together = drawn([0, 1, 2])
    for lane in range(3):
        assert torch.equal(drawn([lane])[:, :, 0], together[:, :, lane])


def test_a_span_without_room_is_refused_with_what_to_do() -> None:
    world = World(10)
    with pytest.raises(DataError, match="provide more bars"):
        MarketEnv(world.market, Span(0, 8), [world.config(window=8)], torch.tensor([1]), 1)


def test_given_starts_outside_the_span_are_refused() -> None:
    world = World(11)
    with pytest.raises(ValueError, match="starts must be"):
        MarketEnv(world.market, Span(10, 20), [world.config()], torch.tensor([1]), 1, starts=torch.tensor([[19]]))


def test_joined_markets_have_the_sessions_of_each() -> None:
    world = World(3)
    (session,) = world.config(sessions={"start": "08:00", "end": "12:00", "timezone": "UTC"}).sessions or ()
    alone = world.market.session_codes((session,))
    assert alone is not None
    assert alone.tolist() == session_codes(world.time, [session]).tolist()
    joined = MarketTable.joined([world.market.table] * 2).session_codes((session,))
    assert joined is not None
    assert joined.tolist() == alone.tolist() * 2
    assert world.market.session_codes(None) is None


def test_sessions_need_the_times_of_the_bars() -> None:
    world = World(3)
    config = world.config(sessions={"start": "08:00", "end": "12:00", "timezone": "UTC"})
    with pytest.raises(ValueError, match="sessions need the times"):
        MarketEnv(
            MarketTensors.of_table(replace(world.market.table, times=())), Span(0, BARS), [config], torch.tensor([1]), 1
        )
    with pytest.raises(ValueError, match="same sessions"):
        MarketEnv(world.market, Span(0, BARS), [config, world.config()], torch.arange(2), 1)


def test_lanes_must_agree_on_the_positions() -> None:
    world = World(12)
    configs = [world.config(), world.config(positions=(0.0, 1.0))]
    with pytest.raises(ValueError, match="positions"):
        MarketEnv(world.market, Span(0, BARS), configs, torch.arange(2), 1)


@pytest.mark.parametrize("looped", [True, False])
def test_a_size_that_float32_rounds_is_traded_once(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    market = tensors_of_bars(open=[1.0] * 5, close=[1.0] * 5, nights=[0] * 5, features=np.zeros((5, 1)))
    config = EnvConfig(observation_window=1, positions=(0.0, 0.1, 0.3))
    env = MarketEnv(market, Span(0, 5), [config], torch.tensor([1]), 1, starts=torch.tensor([[0]]))
    turnover = [env.step(torch.tensor([[action]])).turnover.item() for action in (1, 1, 2, 2)]
    assert turnover == pytest.approx([0.1, 0, 0.2, 0], abs=1e-4)
    assert turnover[1] == turnover[3] == 0


@pytest.mark.parametrize("looped", [True, False])
def test_a_target_that_is_cut_is_traded_once(*, looped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not looped:
        use_torch_operations(monkeypatch)
    market = tensors_of_bars(open=[1.0] * 5, close=[1.0] * 5, nights=[0] * 5, features=np.zeros((5, 1)))
    configs = [
        EnvConfig(observation_window=1, position_size=3, leverage=1, stop_out_level=level) for level in (0.1, 0.2)
    ]
    env = MarketEnv(market, Span(0, 5), configs, torch.tensor([1, 2]), 1, starts=torch.tensor([[0]] * 2))
    steps = [env.step(torch.tensor([[2], [0]])) for _ in range(3)]
    assert steps[0].position.flatten().tolist() == pytest.approx([1 / 3, -1 / 3])
    assert [step.turnover.max().item() for step in steps] == pytest.approx([1, 0, 0], abs=1e-4)
    assert steps[1].turnover.max() == 0


def test_lanes_must_agree_on_the_window() -> None:
    world = World(12)
    with pytest.raises(ValueError, match="observation_window"):
        MarketEnv(world.market, Span(0, BARS), [world.config(window=2), world.config(window=3)], torch.arange(2), 1)


@pytest.mark.parametrize("wrong", [-0.1, 5.0])
def test_an_impossible_spread_is_refused(wrong: float) -> None:
    with pytest.raises(DataError, match="bar 1"):
        tensors_of_bars(open=[1, 1], close=[1, 1], nights=[0, 0], features=np.zeros((2, 1)), spread=[0.1, wrong])


def test_features_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        tensors_of_bars(open=[1, 1], close=[1, 1], nights=[0, 0], features=[[0.0], [float("nan")]])


def test_float32_keeps_the_returns_of_small_moves() -> None:
    world = World(13, own_spread=False)
    config = world.config(position_size=1.0, drawdown_limit=1.0, max_episode_steps=40)
    actions = world.actions(40, 1, 8)
    starts = torch.full((1, 8), 10)

    def returns(dtype: torch.dtype) -> torch.Tensor:
        market = tensors_of_bars(
            open=1e5 + world.open,
            close=1e5 + world.close,
            nights=world.nights,
            features=world.features,
            dtype=dtype,
        )
        env = MarketEnv(market, Span(0, BARS), [config], torch.tensor([1]), 8, starts=starts)
        return torch.stack([step.step_return.double() for step in play(env, actions)])

    double = returns(torch.float64)
    assert torch.allclose(returns(torch.float32), double, rtol=2e-6, atol=1e-11)
