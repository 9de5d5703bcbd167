"""The section `data.features`."""

from typing import Any

import pytest
from pydantic import ValidationError

from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import FeatureConfig, TimeframeConfig, seconds_of

FUNCTION = {"function": "my_features:build", "function_window": 50}


def data(**features: Any) -> DataConfig:
    return DataConfig.model_validate({"resample": "1h", "features": features})


def test_later_fields_are_left_out_of_what_is_written_at_their_defaults() -> None:
    whole = {"return_horizons", "volatility_windows", "momentum_windows", "bar_range", "volume", "time"}
    assert FeatureConfig().model_dump(mode="json").keys() == whole


def test_what_is_written_is_read_again() -> None:
    given = data(
        columns=["rsi"],
        **FUNCTION,
        function_folder="there",
        arguments={"period": 14, "kinds": ["a", 1], "flag": True},
        timeframes={"1d": {"return_horizons": [1]}, "240min": {"bar_range": True}},
    )
    assert DataConfig.model_validate(given.model_dump(mode="json")) == given
    assert hash(given) == hash(DataConfig.model_validate(given.model_dump(mode="json")))
    assert list(given.features.timeframes) == ["240min", "1d"], "the shortest first"


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"columns": ["rsi", "rsi"]}, "columns has 'rsi' twice"),
        ({"columns": "rsi"}, "Input should be"),
        ({"function": "my_features.build", "function_window": 1}, "write module:function, such as my_features:build"),
        ({"function": "my_features:build"}, "function needs function_window"),
        ({"arguments": {"period": 1}}, "arguments need the key function"),
        ({"function_window": 0, "function_folder": "x"}, "function_window and function_folder need the key function"),
        ({**FUNCTION, "arguments": {"period": {"a": 1}}}, "arguments"),
        ({"timeframes": {"4 hours": {}}}, "timeframes"),
        ({"timeframes": {"4h": {"time": True}}}, "Extra inputs are not permitted"),
        ({"timeframes": {"4h": {}, "240min": {}}}, "4h and 240min are the same length"),
        ({"timeframes": {"90min": {}}}, "90min must be a multiple of the length of the bars, resample 1h"),
        ({"timeframes": {"60min": {}}}, "60min must be a multiple"),
    ],
)
def test_faults_are_refused(features: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        data(**features)


def test_time_frames_need_the_length_of_the_bars() -> None:
    with pytest.raises(ValidationError, match="needs resample, the length of the bars"):
        DataConfig.model_validate({"features": {"timeframes": {"4h": {}}}})


@pytest.mark.parametrize(("length", "seconds"), [("30s", 30), ("5min", 300), ("4h", 14_400), ("1d", 86_400)])
def test_lengths_of_bars(length: str, seconds: int) -> None:
    assert seconds_of(length) == seconds


@pytest.mark.parametrize(
    ("frame", "bars"),
    [
        ({}, 0),
        ({"return_horizons": [3, 1]}, 15),
        ({"volatility_windows": [5]}, 23),
        ({"bar_range": True}, 6),
        ({"volume": True}, 102),
    ],
)
def test_the_bars_that_a_time_frame_of_four_bars_looks_back(frame: dict[str, Any], bars: int) -> None:
    assert TimeframeConfig.model_validate(frame).base_bars(4, has_volume=True) == bars


def test_the_longest_window_is_that_of_all_features() -> None:
    assert data().longest_window() == 120
    assert data(**FUNCTION | {"function_window": 500}).longest_window() == 500
    assert data(timeframes={"1d": {"return_horizons": [9]}}).longest_window() == 10 * 24 - 1
    assert data(timeframes={"1d": {"volume": True}}).longest_window(has_volume=False) == 120
