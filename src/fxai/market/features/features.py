"""Features of each bar, computed from this bar and earlier bars only, so that they are known at the bar's close."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.market.features.bar_features import bar_features
from fxai.market.features.feature_function import function_features
from fxai.market.features.order_book import order_book_features
from fxai.market.features.timeframes import timeframe_features
from fxai.spec.fields.data_config import DataConfig


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features before standardization."""

    values: FloatArray  # [bar, feature]; NaN before `warm_up`, else finite
    names: tuple[str, ...]
    warm_up: int  # index of the first bar with all features


def features(bars: Bars, config: DataConfig) -> FeatureTable:
    """Compute the configured features of bars: built-in ones, columns, those of the function, higher time frames.

    Row t depends on the bars up to t only. The bars may be cut or changed; `config` says their length
    (`data.resample`), which higher time frames need.

    Raises:
        DataError: If no feature is configured, there are too few bars, or the function fails.
    """
    warm_up = warm_up_of(bars, config)
    if warm_up >= len(bars):
        raise DataError(
            f"{bars.name} has {len(bars)} bars; the longest window of data.features needs more than {warm_up}. "
            "Use more bars or shorter windows"
        )
    columns = dict(_builtin(bars, config))
    for name, values in _further_features(bars, config):
        if name in columns:
            raise DataError(
                f"data.features has two features of the name {name!r}; rename the column of the file or the feature "
                "of the function, or leave the built-in feature out"
            )
        columns[name] = values
    if not columns:
        raise DataError("data.features has no feature; configure at least one")
    table = np.column_stack(list(columns.values()))
    table[:warm_up] = np.nan
    return FeatureTable(table, tuple(columns), warm_up)


def _builtin(bars: Bars, config: DataConfig) -> Iterator[tuple[str, FloatArray]]:
    yield from bar_features(bars, config.features)
    yield from order_book_features(bars, config.features.order_book)


def _further_features(bars: Bars, config: DataConfig) -> Iterator[tuple[str, FloatArray]]:
    yield from bars.columns.items()
    begin = columns_begin(bars) + (config.features.function_window or 0)
    yield from function_features(bars, config.features, begin)
    yield from timeframe_features(bars, config)


def names_by_origin(table: FeatureTable, bars: Bars, config: DataConfig) -> dict[str, tuple[str, ...]]:
    """The names of features by what makes them: `built-in`, `columns`, the function, and the length of a time frame."""
    frames = config.features.timeframes
    origins: dict[str, list[str]] = {}
    built_in = {name for name, _ in _builtin(bars, config)}
    for name in table.names:
        frame = next((length for length in frames if name.startswith(f"{length}_")), None)
        if name in built_in:
            origin = "built-in"
        elif name in bars.columns:
            origin = "columns"
        else:
            origin = frame or config.features.function or ""
        origins.setdefault(origin, []).append(name)
    return {origin: tuple(names) for origin, names in origins.items()}


def warm_up_of(bars: Bars, config: DataConfig, window: int | None = None) -> int:
    """Number of first bars without all features.

    Args:
        bars: The bars, read with `config`.
        config: The features.
        window: Number of bars before a bar that its features depend on; the default is that of `config`.
    """
    window = config.longest_window(has_volume=bars.volume is not None) if window is None else window
    return max(window, columns_begin(bars) + (config.features.function_window or 0))


def columns_begin(bars: Bars) -> int:
    """Index of the first bar at which all further columns have a value."""
    return max((int(np.argmax(np.isfinite(each))) for each in bars.columns.values()), default=0)
