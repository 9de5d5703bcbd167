"""Strategies that hold one position, beside the ledger."""

import numpy as np
import pytest

from fxai.market.bars import Bars
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.rules.rules import Action
from fxai.market.scores.baselines import baselines, figures, hold
from fxai.market.scores.metrics import performance
from fxai.spec.fields.data_config import DataConfig, SplitConfig
from fxai.spec.fields.env_config import EnvConfig
from market.ledger import Ledger, Prices

FIRST, LAST = 200, 420
COSTLY = EnvConfig(
    spread=0.001,
    slippage_rate=0.0003,
    commission_rate=0.0002,
    swap_long_rate=0.0005,
    swap_short_rate=-0.0001,
    position_size=1.7,
    drawdown_limit=1.0,
    max_episode_steps=LAST,
)


def market(*, own_spread: bool = False) -> Market:
    bars = synthetic_market(seed=3, bars=500)
    if own_spread:
        spread = np.linspace(0.0001, 0.002, 500)
        bars = Bars(**{name: getattr(bars, name) for name in bars.__slots__ if name != "spread"}, spread=spread)
    return prepare_bars(bars, DataConfig(split=SplitConfig(embargo_bars=24)))


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("own_spread", [False, True])
def test_holding_is_what_the_ledger_makes_of_it(side: int, own_spread: bool) -> None:  # noqa: FBT001
    data = market(own_spread=own_spread)
    half_spread = None if data.spread is None else (data.spread / 2 / data.open).tolist()
    prices = Prices(data.open.tolist(), data.close.tolist(), data.nights.tolist(), half_spread)
    ledger = Ledger(prices, COSTLY, FIRST - 1, LAST + 1, close_at_end=True)
    steps = [ledger.step(Action(side + 1)) for _ in range(FIRST, LAST + 1)]
    assert steps[-1].truncated
    np.testing.assert_allclose(hold(data, FIRST, LAST, COSTLY, side), [step.equity for step in steps], rtol=1e-12)


def test_whoever_may_not_be_short_has_no_short_beside_it() -> None:
    curves = baselines(market(), FIRST, LAST, EnvConfig(allow_short=False))
    assert set(curves) == {"buy_and_hold", "flat"}
    assert curves["flat"].tolist() == [1.0] * (LAST + 1 - FIRST)


def test_a_position_that_loses_everything_is_gone() -> None:
    data = market()
    ruined = hold(data, FIRST, LAST, EnvConfig(position_size=500.0), 1)
    first = int(np.argmin(ruined))
    assert ruined[first] == 0
    assert not ruined[first:].any()
    assert figures(ruined, 6000.0)["total_return"] == pytest.approx(-1)


def test_figures_are_those_of_the_returns() -> None:
    curve = hold(market(), FIRST, LAST, COSTLY, 1)
    returns = curve / np.concatenate([[1.0], curve[:-1]]) - 1
    whole = performance(returns, 0, 0, 0.0, 6000.0).as_metrics()
    assert figures(curve, 6000.0) == pytest.approx({name: whole[name] for name in figures(curve, 6000.0)})
