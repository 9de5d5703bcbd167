from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.markets.dataset import prepare, prepare_bars, prepare_folds, with_oracle
from fxai.market.reading.read_bars import load_bars
from fxai.market.splits.folds import latest_fold
from fxai.spec.fields.data_config import DataConfig, SplitConfig
from fxai.spec.fields.feature_config import FeatureConfig

MARKET = prepare(DataConfig())


def test_the_default_market_is_ready_to_train_on():
    train = MARKET.splits.train
    assert MARKET.features.shape == (6225, len(MARKET.feature_names))
    assert np.isfinite(MARKET.features).all()
    assert (MARKET.features[: train.start] == 0).all()
    assert len(MARKET) == len(MARKET.open) == len(MARKET.nights) == 6225
    assert MARKET.spread is None
    assert MARKET.bars_per_year == pytest.approx(6280, abs=1)


def test_statistics_are_those_of_the_training_bars():
    train = MARKET.splits.train
    scaled = MARKET.features[train.start : train.stop]
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=0.05)  # what clipping leaves
    assert np.abs(MARKET.features[train.stop :].mean(axis=0)).max() > 0.1


def test_an_agent_brings_its_own_statistics():
    other = prepare(DataConfig(source="shuffled_1h"), MARKET.standardizer)
    assert other.standardizer == MARKET.standardizer
    assert not np.array_equal(other.features, prepare(DataConfig(source="shuffled_1h")).features)


def test_statistics_of_other_features_are_refused():
    with pytest.raises(DataError, match="trained on the features return_1"):
        prepare(DataConfig(features=FeatureConfig(time=False)), MARKET.standardizer)


def test_the_spread_of_the_data_is_in_units_of_price(tmp_path: Path):
    bars = load_bars(DataConfig())
    columns = {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close")}
    path = tmp_path / "with_spread.parquet"
    pd.DataFrame(columns | {"points": np.full(len(bars), 20)}).to_parquet(path)
    market = prepare(DataConfig(source=str(path), spread_column="points", spread_unit=1e-5))
    assert market.spread is not None
    np.testing.assert_allclose(market.spread, 2e-4)


def test_the_oracle_is_what_an_order_at_the_close_earns():
    market = with_oracle(MARKET)
    oracle = market.features[:, -1]
    earned = np.log(MARKET.open[2:] / MARKET.open[1:-1])
    inside = np.abs(oracle[:-2]) < 5
    assert market.feature_names[-1] == market.standardizer.names[-1] == "oracle"
    assert np.corrcoef(oracle[:-2][inside], earned[inside])[0, 1] == pytest.approx(1)
    np.testing.assert_array_equal(market.features[:, :-1], MARKET.features)


def test_bars_at_hand_make_the_same_market():
    again = prepare_bars(load_bars(DataConfig()), DataConfig())
    np.testing.assert_array_equal(again.features, MARKET.features)
    assert again.splits == MARKET.splits


@pytest.mark.parametrize(
    "split", [{"walk_forward": {"folds": 3}}, {"combinatorial": {"groups": 4, "purge": 10, "first_bar": 200}}]
)
def test_each_fold_is_standardized_with_its_train_bars(split: dict[str, Any]):
    config = DataConfig(split=SplitConfig.model_validate(split))
    whole, markets = prepare(config), list(prepare_folds(config))
    assert len(markets) == len(whole.folds) == config.split.folds
    for market, fold in zip(markets, whole.folds, strict=True):
        trained = np.concatenate([market.features[span.start : span.stop] for span in fold.train])
        np.testing.assert_allclose(trained.mean(axis=0), 0, atol=0.05)  # what clipping leaves
    assert len({market.standardizer.mean for market in markets}) == len(markets)
    latest = latest_fold(whole.folds)
    assert whole.standardizer == markets[latest].standardizer
    assert whole.splits.train == whole.folds[latest].train[0]
    assert whole.splits.test == prepare(DataConfig()).splits.test
