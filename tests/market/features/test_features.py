from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.features.features import features
from fxai.market.markets.dataset import prepare_bars
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import FeatureConfig

EURUSD = load_bars(DataConfig())
CONFIG = DataConfig(features=FeatureConfig(return_horizons=(1, 5), volatility_windows=(6,), momentum_windows=(12,)))


def head(bars: Bars, count: int) -> Bars:
    arrays = {name: getattr(bars, name)[:count] for name in ("time", "open", "high", "low", "close", "volume")}
    return replace(bars, **arrays)


def perturbed_from(bars: Bars, first: int, seed: int) -> Bars:
    """Other prices and volumes from bar `first` on; the timestamps, which are known ahead, stay."""
    factor = np.exp(np.random.default_rng(seed).normal(scale=0.5, size=(2, len(bars) - first)))
    arrays = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for name, values in arrays.items():
        values[first:] *= factor[int(name == "volume")]
    return replace(bars, **arrays)


@settings(max_examples=30, deadline=None)
@given(first=st.integers(130, 799), seed=st.integers(0, 2**32 - 1))
def test_the_future_changes_no_past_feature(first: int, seed: int):
    bars = head(EURUSD, 800)
    before = features(bars, DataConfig()).values
    after = features(perturbed_from(bars, first, seed), DataConfig()).values
    np.testing.assert_array_equal(before[:first], after[:first])
    assert not np.array_equal(before[first], after[first])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), offset=st.integers(0, 300))
def test_later_bars_do_not_change_the_training_data(seed: int, offset: int):
    bars, config = head(EURUSD, 1200), DataConfig()
    market = prepare_bars(bars, config)
    first = market.splits.train.stop + offset
    other = prepare_bars(perturbed_from(bars, first, seed), config)
    assert other.standardizer == market.standardizer
    np.testing.assert_array_equal(other.features[:first], market.features[:first])


def test_features_are_what_their_definitions_say():
    table = features(EURUSD, CONFIG)
    t, close = 500, EURUSD.close
    value = dict(zip(table.names, table.values[t], strict=True))
    returns = np.diff(np.log(close))
    assert value["return_1"] == pytest.approx(returns[t - 1])
    assert value["return_5"] == pytest.approx(np.log(close[t] / close[t - 5]))
    assert value["volatility_6"] == pytest.approx(np.sqrt(np.mean(returns[t - 6 : t] ** 2)))
    assert value["momentum_12"] == pytest.approx(returns[t - 12 : t].sum() / np.sqrt(np.sum(returns[t - 12 : t] ** 2)))
    assert value["range"] == pytest.approx((EURUSD.high[t] - EURUSD.low[t]) / close[t])
    width = EURUSD.high[t] - EURUSD.low[t]
    assert value["close_location"] == pytest.approx(((close[t] - EURUSD.low[t]) - (EURUSD.high[t] - close[t])) / width)
    assert EURUSD.volume is not None
    logs = np.log1p(EURUSD.volume)
    assert value["volume"] == pytest.approx(logs[t] - logs[t - 24 : t].mean())
    clock = EURUSD.time[t].astype("datetime64[s]").item()
    assert np.arctan2(value["hour_sin"], value["hour_cos"]) % (2 * np.pi) == pytest.approx(clock.hour / 24 * 2 * np.pi)
    week_hours = clock.weekday() * 24 + clock.hour
    assert np.arctan2(value["week_sin"], value["week_cos"]) % (2 * np.pi) == pytest.approx(week_hours / 168 * 2 * np.pi)


def test_warm_up_ends_where_every_feature_is_there():
    table = features(EURUSD, CONFIG)
    assert table.warm_up == 24  # the window of volume
    assert np.isnan(table.values[: table.warm_up]).all()
    assert np.isfinite(table.values[table.warm_up :]).all()
    assert features(replace(EURUSD, volume=None), CONFIG).warm_up == 12


def test_bars_without_volume_have_no_volume_feature():
    assert "volume" not in features(synthetic_market(0, bars=200), DataConfig()).names


def test_constant_prices_give_finite_features():
    bars = synthetic_market(0, bars=200)
    still = np.full(200, 1.1)
    table = features(replace(bars, open=still, high=still, low=still, close=still), CONFIG)
    assert np.isfinite(table.values[table.warm_up :]).all()


def test_no_feature_at_all_is_refused():
    nothing = FeatureConfig(
        return_horizons=(), volatility_windows=(), momentum_windows=(), bar_range=False, volume=False, time=False
    )
    with pytest.raises(DataError, match=r"data\.features has no feature"):
        features(EURUSD, DataConfig(features=nothing))


def test_windows_longer_than_the_data_are_refused():
    with pytest.raises(DataError, match=r"has 100 bars; the longest window of data\.features needs more than 120"):
        features(synthetic_market(0, bars=100), DataConfig())
