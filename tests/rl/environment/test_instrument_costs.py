"""Two instruments with costs of their own: simulator, compiled loop and torch follow the ledger of each instrument."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.rules.simulator import Simulator
from fxai.market.splits.splits import Span
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig
from market.ledger import Ledger
from market.random_market import BARS, RandomMarket
from ways import use_torch_operations

NAMES = ("EURUSD", "USDJPY")
ENVS = 3
MARKS = ("position", "equity", "step_return", "turnover", "reward", "terminated", "truncated")


def tensors_of(markets: list[RandomMarket]) -> MarketTensors:
    parts = []
    for market, name in zip(markets, NAMES, strict=True):
        features = market.rng.normal(size=(BARS, 2))
        part = MarketTable.of(
            open=market.open,
            close=market.close,
            nights=market.nights,
            features=features,
            spread=market.spread,
            dtype=np.float64,
        )
        parts.append(replace(part, instruments=((name, BARS),)))
    return MarketTensors.of_table(MarketTable.joined(parts))


def random_costs(market: RandomMarket) -> dict[str, Any]:
    limits = {"spread": 0.01, "slippage_rate": 0.005, "commission_rate": 0.005, "swap_long_rate": 0.001}
    limits |= {"swap_short_rate": 0.001}
    return {name: float(market.rng.uniform(0, high)) for name, high in limits.items() if market.rng.random() < 0.7}


def env_of(tensors: MarketTensors, configs: list[EnvConfig], starts: torch.Tensor, ends: torch.Tensor) -> MarketEnv:
    return MarketEnv(
        tensors,
        [[Span(0, BARS), Span(BARS, 2 * BARS)]] * len(configs),
        configs,
        torch.arange(len(configs)),
        ENVS,
        starts=starts,
        ends=ends,
        close_at_end=True,
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), own_spread=st.booleans(), looped=st.booleans(), with_costs=st.booleans())
def test_each_instrument_trades_at_its_own_costs(
    *, seed: int, own_spread: bool, looped: bool, with_costs: bool
) -> None:
    markets = [RandomMarket(seed + place, own_spread=own_spread) for place in range(2)]
    rng, configs, own = markets[0].rng, [], []
    for _ in range(2):
        costs = {name: random_costs(markets[0]) for name in NAMES if rng.random() < 0.8} if with_costs else {}
        config = markets[0].config(max_episode_steps=BARS)
        configs.append(EnvConfig.model_validate({**config.model_dump(), "costs": costs or None}))
        own.append([config.model_copy(update=costs.get(name, {})) for name in NAMES])
    place = rng.integers(0, 2, (2, ENVS))
    start = rng.integers(3, BARS - 10, (2, ENVS))
    actions = torch.as_tensor(markets[0].orders(BARS, 2, ENVS))
    with pytest.MonkeyPatch.context() as monkeypatch:
        if not looped:
            use_torch_operations(monkeypatch)
        starts, ends = torch.as_tensor(start + place * BARS), torch.as_tensor((place + 1) * BARS - 1)
        env = env_of(tensors_of(markets), configs, starts, ends)
    steps = [env.step(action) for action in actions]
    for lane in range(2):
        for column in range(ENVS):
            instrument, first = int(place[lane, column]), int(start[lane, column])
            market = markets[instrument]
            ledger = Ledger(market.prices(), own[lane][instrument], first, BARS, close_at_end=True)
            quotes = replace(market.quotes(), instrument=NAMES[instrument])
            simulator = Simulator(quotes, configs[lane], first, BARS, close_at_end=True)
            for step, action in zip(steps, actions, strict=True):
                order = int(action[lane, column])
                booked, simulated = ledger.step(order), simulator.step(order)
                for name in MARKS:
                    found, expected = getattr(step, name)[lane, column].item(), float(getattr(booked, name))
                    assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9), name
                    assert not looped or found == getattr(simulated, name)
                    assert math.isclose(getattr(simulated, name), expected, rel_tol=1e-9, abs_tol=1e-9), name
                if booked.terminated or booked.truncated:
                    break


def test_without_costs_of_instruments_joined_markets_have_the_costs_of_env() -> None:
    markets = [RandomMarket(1), RandomMarket(2)]
    config = markets[0].config(max_episode_steps=BARS)
    actions = torch.as_tensor(markets[0].orders(20, 1, ENVS))
    starts = torch.tensor([[5, 65, 70]])
    tensors = tensors_of(markets)
    runs = []
    for each in (tensors, MarketTensors.of_table(replace(tensors.table, instruments=()))):
        env = env_of(each, [config], starts, starts + 30)
        runs.append([env.step(action).reward for action in actions])
    assert torch.equal(torch.stack(runs[0]), torch.stack(runs[1]))
