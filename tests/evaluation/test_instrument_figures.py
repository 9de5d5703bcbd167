"""Figures of committees on each instrument, and of their portfolio."""

import numpy as np
import pytest

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.instrument_figures import instrument_figures, portfolio
from fxai.evaluation.position_baselines import PositionPath, TradedMarket, portfolio_baselines, position_baselines
from fxai.market.markets.dataset import prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.scores.instrument_scores import InstrumentBars
from fxai.spec.fields.data_config import DataConfig, SplitConfig
from fxai.spec.fields.env_config import EnvConfig

HOURS = np.datetime64("2024-01-01", "ns") + np.arange(6) * np.timedelta64(1, "h")
BARS = InstrumentBars(("AUD", "EUR"), (4, 5), (6000.0, 5000.0), np.concatenate([HOURS[2:], HOURS[:5]]))


def committee(*rows: list[float]) -> CommitteeReturns:
    members = np.array(rows)
    return CommitteeReturns(members.mean(axis=0), members)


AUD = committee([0.01, 0.0, -0.02, 0.01], [0.03, 0.0, 0.0, 0.01])
EUR = committee([0.02, 0.0, 0.0, 0.01, 0.0], [0.02, 0.02, 0.0, -0.01, 0.0])


def test_the_portfolio_has_the_dates_of_all_instruments() -> None:
    found = portfolio([AUD, EUR], BARS)
    np.testing.assert_allclose(found.committee, [0.01, 0.005, 0.01, 0.0, -0.005, 0.005], atol=1e-15)
    np.testing.assert_allclose(found.members[1], [0.01, 0.01, 0.015, -0.005, 0.0, 0.005], atol=1e-15)
    np.testing.assert_allclose(found.members.mean(axis=0), found.committee, atol=1e-15)


def test_each_instrument_has_its_own_figures() -> None:
    flat = committee([0.0] * 4, [0.0] * 4)
    aud, eur = instrument_figures([AUD, EUR], [flat, EUR], BARS)
    assert (aud.name, aud.bars, eur.name, eur.bars) == ("AUD", 4, "EUR", 5)
    assert aud.agent.mean_return == pytest.approx(aud.to_default) == pytest.approx(0.005)
    assert aud.agent.total_return == pytest.approx(1.02 * 0.99 * 1.01 - 1)
    assert aud.default.sharpe is None
    ratio = EUR.committee.mean() / EUR.committee.std(ddof=1)
    assert eur.agent.sharpe == pytest.approx(ratio * np.sqrt(5000))
    assert eur.to_default == 0


def test_a_market_twice_has_the_baselines_of_the_market() -> None:
    market = prepare_bars(synthetic_market(seed=3, bars=500), DataConfig(split=SplitConfig(embargo_bars=24)))
    bar = np.arange(100, 400)
    moves = market.close[bar] / market.close[bar - 1] - 1.0
    path, env = PositionPath(bar, bar % 128 == 100, np.sign(moves)), EnvConfig(spread=0.0002)
    one = position_baselines(market, path, env, shifts=50)
    twice = InstrumentBars(("A", "B"), (300, 300), (6000.0, 6000.0), np.tile(market.time[bar], 2))
    traded = [TradedMarket(name, market, path, env) for name in twice.names]
    assert portfolio_baselines(traded, twice, market.bars_per_year, shifts=50) == one
