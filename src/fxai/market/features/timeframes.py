"""Features of higher time frames, made of closed bars only."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray, TimeArray
from fxai.market.features.bar_features import bar_features
from fxai.market.reading.resample import Groups, length_of, longer_bars
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import FeatureConfig, TimeframeConfig, seconds_of


def timeframe_features(bars: Bars, config: DataConfig) -> Iterator[tuple[str, FloatArray]]:
    """Yields the features of each higher time frame by name, such as `4h_return_1`, [bar] each.

    Bars of a time frame begin at multiples of its length in UTC. Row t has the features of the latest of them that has
    ended by the close of bar t. NaN where earlier bars are missing.

    Args:
        bars: The bars.
        config: The time frames, and `resample`, the length of the bars.

    Raises:
        DataError: If a time frame has too few bars, because the bars are closer than their length.
    """
    for length, frame in config.features.timeframes.items():
        groups = Groups.of(bars.time, length_of(length))
        latest = _latest_closed(bars.time, groups, length_of(length), length_of(config.resample or length))
        ratio = seconds_of(length) // seconds_of(config.resample or length)
        begin = frame.base_bars(ratio, has_volume=bars.volume is not None)
        for name, values in bar_features(longer_bars(bars, groups), _as_features(frame)):
            of_bars = np.where(latest >= 0, values[latest], np.nan)
            if not np.isfinite(of_bars[begin:]).all():
                raise DataError(_incomplete(bars, begin + int(np.argmin(np.isfinite(of_bars[begin:]))), length, config))
            yield f"{length}_{name}", of_bars


def _latest_closed(
    time: TimeArray, groups: Groups, length: np.timedelta64, bar_length: np.timedelta64
) -> NDArray[np.int64]:
    """Index of the latest bar of a time frame that has ended by the close of each bar [bar]; -1 for none.

    It has no bar after that bar, also where bars are closer than their length.
    """
    ended = np.searchsorted(groups.time + length, time + bar_length, side="right") - 1
    whole = np.searchsorted(groups.last, np.arange(len(time)), side="right") - 1
    return np.minimum(ended, whole)


def _as_features(frame: TimeframeConfig) -> FeatureConfig:
    return FeatureConfig(**frame.model_dump(), time=False)


def _incomplete(bars: Bars, row: int, length: str, config: DataConfig) -> str:
    moment = np.datetime_as_string(bars.time[row], unit="m").replace("T", " ")
    return (
        f"{bars.name}: at {moment} UTC the time frame {length} has too few closed bars for its windows, because bars "
        f"are closer than data.resample {config.resample}; remove these bars or correct data.resample"
    )
