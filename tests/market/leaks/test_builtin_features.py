"""FxAI's own features pass the exact test."""

from collections.abc import Mapping

from fxai.market.bars import Bars, FloatArray
from fxai.market.features.features import features
from fxai.market.leaks.check_function import check_function
from fxai.spec.fields.data_config import DataConfig
from market.leaks.leaking_columns import small_market


def test_features_and_those_of_longer_bars_use_no_later_bars() -> None:
    frames = {"4h": {"return_horizons": [1, 3], "bar_range": True, "volume": True}, "1d": {"volatility_windows": [2]}}
    config = DataConfig.model_validate({"resample": "1h", "features": {"timeframes": frames}})

    def build(bars: Bars) -> Mapping[str, FloatArray]:
        table = features(bars, config)
        return {name: table.values[:, place] for place, name in enumerate(table.names)}

    report = check_function(small_market(1500), build)
    assert report.findings == ()
    assert len(report.tested) > 12
    assert report.untested == ()
