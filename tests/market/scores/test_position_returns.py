"""Returns of given positions, beside the ledger."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.bars import Bars
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.rules.sessions import session_codes
from fxai.market.scores.position_returns import PositionReturns
from fxai.spec.fields.data_config import DataConfig, SplitConfig
from fxai.spec.fields.env_config import EnvConfig
from market.ledger import Ledger, Prices

COSTS: dict[str, Any] = {
    "spread": 0.001,
    "slippage_rate": 0.0003,
    "commission_rate": 0.0002,
    "swap_long_rate": 0.0005,
    "swap_short_rate": -0.0001,
}
FIRST, BARS = 100, 120
STOPS = {"stop_loss": 0.001, "take_profit": 0.002}
HOURS = {"sessions": {"start": "08:00", "end": "16:00", "timezone": "Europe/London"}, "flat_by_close": True}


def market(*, own_spread: bool) -> Market:
    bars = synthetic_market(seed=3, bars=300)
    if own_spread:
        spread = np.linspace(0.0001, 0.002, 300)
        bars = Bars(**{name: getattr(bars, name) for name in bars.__slots__ if name != "spread"}, spread=spread)
    return prepare_bars(bars, DataConfig(split=SplitConfig(embargo_bars=24)))


MARKETS = {own_spread: market(own_spread=own_spread) for own_spread in (False, True)}


def ledger_returns(
    data: Market, env: EnvConfig, positions: list[float], begins: list[bool], factor: float
) -> list[float]:
    """The returns of the ledger, an episode after the other; after a termination they are 0."""
    half_spread = None if data.spread is None else (factor * data.spread / 2 / data.open).tolist()
    prices = Prices(
        data.open.tolist(),
        data.close.tolist(),
        data.nights.tolist(),
        half_spread,
        data.high.tolist(),
        data.low.tolist(),
        None if env.sessions is None else session_codes(data.time, env.sessions).tolist(),
    )
    dearer = env.model_copy(
        update={name: factor * getattr(env, name) for name in ("spread", "slippage_rate", "commission_rate")}
    )
    starts = [place for place, begins_here in enumerate(begins) if begins_here]
    found: list[float] = []
    for start, stop in zip(starts, [*starts[1:], len(positions)], strict=True):
        ledger = Ledger(prices, dearer, FIRST + start - 1, FIRST + stop, close_at_end=True)
        over = False
        for position in positions[start:stop]:
            if over:
                found.append(0.0)
                continue
            step = ledger.step(env.target_positions.index(position))
            found.append(step.step_return)
            over = step.terminated
    return found


@given(
    own_spread=st.booleans(),
    targets=st.sampled_from([(-1.0, 0.0, 1.0), (-1.0, -0.3, 0.0, 0.2, 0.7)]),
    size=st.sampled_from([0.5, 1.0, 8.0]),
    limit=st.sampled_from([0.02, 1.0]),
    factor=st.sampled_from([0.0, 1.0, 3.0]),
    rules=st.sampled_from([{}, STOPS, HOURS, STOPS | HOURS | {"leverage": 4.0}]),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=40)
def test_the_returns_are_those_of_the_ledger(
    *,
    own_spread: bool,
    targets: tuple[float, ...],
    size: float,
    limit: float,
    factor: float,
    rules: dict[str, Any],
    seed: int,
) -> None:
    draws = np.random.default_rng(seed)
    positions = np.repeat(draws.choice(targets, BARS // 4), 4)
    begins = np.arange(BARS) % 50 == 0
    sizes = {"positions": targets, "position_size": size, "drawdown_limit": limit, "max_episode_steps": BARS}
    env = EnvConfig.model_validate(COSTS | rules | sizes)
    data = MARKETS[own_spread]
    returns_of = PositionReturns.of_market(data, FIRST + np.arange(BARS), begins, env)
    expected = ledger_returns(data, env, positions.tolist(), begins.tolist(), factor)
    np.testing.assert_allclose(returns_of(positions, cost_multiple=factor), expected, rtol=1e-9, atol=1e-13)


def test_positions_that_are_not_allowed_are_flat() -> None:
    env = EnvConfig(allow_short=False)
    begins = np.arange(BARS) == 0
    returns_of = PositionReturns.of_market(MARKETS[False], FIRST + np.arange(BARS), begins, env)
    assert not returns_of(np.full(BARS, -1.0)).any()


def test_no_position_has_no_return() -> None:
    begins = np.arange(BARS) == 0
    returns_of = PositionReturns.of_market(MARKETS[False], FIRST + np.arange(BARS), begins, EnvConfig())
    assert returns_of(np.zeros(BARS)).tolist() == pytest.approx([0.0] * BARS, abs=0)
