from pathlib import Path

import numpy as np

from fxai.market.markets.describe import describe
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import FeatureConfig


def test_the_embedded_set_described():
    found = describe(DataConfig())
    assert (found.name, found.rows, found.faults.rows_read) == ("eurusd_1h", 6225, 6225)
    assert found.bar_length == np.timedelta64(1, "h")
    assert (found.gaps.weekends, found.gaps.others) == (51, 1)
    assert (found.prices.first, found.prices.last) == (1.05227, 1.20075)
    assert (found.prices.lowest, found.prices.highest) == (1.03405, 1.20926)
    assert found.prices.mean_spread is None
    assert found.columns["volume"] == "volume"
    assert [part.name for part in found.splits] == ["train", "validation", "test"]
    assert found.splits[0].first == np.datetime64("2017-01-08T22:00")
    assert found.splits[-1].last == found.last
    assert found.split_problem is None


def few_bars(count: int, folder: Path) -> str:
    bars = synthetic_market(0, bars=count)
    rows = zip(bars.time, bars.open, bars.high, bars.low, bars.close, strict=True)
    path = folder / "few.csv"
    path.write_text("time,open,high,low,close\n" + "\n".join(",".join(map(str, row)) for row in rows))
    return str(path)


def test_too_few_bars_for_features_are_a_finding(tmp_path: Path):
    found = describe(DataConfig(source=few_bars(50, tmp_path)))
    assert (found.rows, found.splits) == (50, ())
    assert found.split_problem is not None
    assert "the longest window of data.features" in found.split_problem


def test_too_few_bars_for_splits_are_a_finding(tmp_path: Path):
    features = FeatureConfig(return_horizons=(1,), volatility_windows=(), momentum_windows=())
    found = describe(DataConfig(source=few_bars(50, tmp_path), features=features))
    assert found.feature_names[0] == "return_1"
    assert found.split_problem is not None
    assert "split has" in found.split_problem
