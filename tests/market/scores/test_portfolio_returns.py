"""Returns of the equal-weight portfolio."""

from dataclasses import replace

import numpy as np

from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.scores.instrument_scores import InstrumentBars
from fxai.market.scores.portfolio_returns import PortfolioReturns
from fxai.market.scores.position_returns import PositionReturns
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.env_config import EnvConfig
from instrument_bars import LENGTHS, instrument_bars

CONFIG = DataConfig.model_validate({"features": {"volatility_windows": [24]}, "split": {"embargo_bars": 24}})
ENV = EnvConfig.model_validate({"spread": 0.0002, "costs": {"JPY": {"spread": 0.01}}})
FIRST = 100


def markets() -> dict[str, Market]:
    return {name: replace(prepare_bars(bars, CONFIG), instrument=name) for name, bars in instrument_bars().items()}


def test_the_portfolio_earns_the_mean_over_the_instruments_on_each_date() -> None:
    rng, found = np.random.default_rng(1), markets()
    bar = {name: np.arange(FIRST, length) for name, length in LENGTHS.items()}
    begins = {name: np.arange(len(each)) == 0 for name, each in bar.items()}
    held = {name: rng.integers(-1, 2, len(each)).astype(float) for name, each in bar.items()}
    of_each = {name: PositionReturns.of_market(market, bar[name], begins[name], ENV) for name, market in found.items()}
    times = {name: market.time[FIRST:] for name, market in found.items()}
    counts = tuple(map(len, bar.values()))
    bars = InstrumentBars(tuple(LENGTHS), counts, (6000.0,) * 3, np.concatenate(list(times.values())))
    earned = PortfolioReturns.of(tuple(of_each.values()), bars)(np.concatenate(list(held.values())))

    expected = dict.fromkeys(np.unique(np.concatenate(list(times.values()))).tolist(), 0.0)
    for name, returns_of in of_each.items():
        for date, amount in zip(times[name].tolist(), returns_of(held[name]), strict=True):
            expected[date] += amount / len(LENGTHS)
    np.testing.assert_allclose(earned, list(expected.values()), rtol=1e-12, atol=1e-15)
    plain = PositionReturns.of_market(replace(found["JPY"], instrument=""), bar["JPY"], begins["JPY"], ENV)
    assert of_each["JPY"](held["JPY"]).sum() < plain(held["JPY"]).sum()  # its own spread


def test_one_instrument_is_a_portfolio_of_itself() -> None:
    market = markets()["EUR"]
    bar = np.arange(FIRST, len(market))
    alone = PositionReturns.of_market(market, bar, bar == FIRST, ENV)
    bars = InstrumentBars(("EUR",), (len(bar),), (6000.0,), market.time[bar])
    held = np.sign(np.sin(bar))
    np.testing.assert_array_equal(
        PortfolioReturns.of([alone], bars)(held, cost_multiple=2.0), alone(held, cost_multiple=2.0)
    )
