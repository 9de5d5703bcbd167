"""The section `data.features`: built-in features, columns of the file, a function of the user, higher time frames."""

import re
from collections.abc import Hashable, Mapping
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, Field, model_validator

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.environment import check_path
from fxai.spec.fields.import_path import split_path
from fxai.spec.fields.order_book_config import OrderBookConfig
from fxai.spec.fields.record import LATER, Record

VOLUME_WINDOW: Final = 24
"""Number of earlier bars in the mean volume, with which the feature `volume` compares the volume of a bar."""

LENGTH: Final = r"[1-9]\d{0,4}(s|min|h|d)"
"""Regular expression of a length of bars."""

ALL: Final = "all"
"""Value of `data.features.columns` for all columns of numbers that have no other meaning."""

_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
V = TypeVar("V", bound=Hashable)
Bars = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Window = Annotated[int, Field(ge=2, le=MAX_COUNT)]
_Plain: TypeAlias = bool | int | float | str | None
Argument: TypeAlias = bool | int | float | str | tuple[_Plain, ...] | None
"""Value of an argument of `data.features.function`; a list of the spec is a tuple."""


class _ByName(dict[str, V]):
    """Values by name. It has a hash, because configurations are keys of caches."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def seconds_of(length: str) -> int:
    """Returns the seconds of a length of bars such as `5min`."""
    count, unit = re.findall(r"\d+|[a-z]+", length)
    return int(count) * _SECONDS[unit]


def _is_absent(value: object) -> bool:
    """Whether a field is left out of what is written, so that checkpoints of earlier releases are continued."""
    return value is None or value in ((), {})


def _is_false(value: object) -> bool:
    """As `_is_absent`, for a switch that is off."""
    return value is False


def _has_no_features(value: OrderBookConfig) -> bool:
    """As `_is_absent`, for the features of order books."""
    return not value.has_features


def _function_path(path: str) -> str:
    module, name = split_path(path)
    if ":" in path and module and all(map(str.isidentifier, (*module.split("."), name))):
        return path
    raise ValueError(f"{path!r} is not the name of a function; write module:function, such as my_features:build")


def _shortest_first(frames: Mapping[str, "TimeframeConfig"]) -> "_ByName[TimeframeConfig]":
    by_seconds: dict[int, str] = {}
    for length in frames:
        if (other := by_seconds.setdefault(seconds_of(length), length)) != length:
            raise ValueError(f"{other} and {length} are the same length; keep one")
    return _ByName((by_seconds[seconds], frames[by_seconds[seconds]]) for seconds in sorted(by_seconds))


class TimeframeConfig(Record):
    """Features of a higher time frame, as of `data.features`. Only what is named here is computed."""

    return_horizons: tuple[Bars, ...] = Field(default=(), description="horizons of returns, in bars of the time frame")
    volatility_windows: tuple[Window, ...] = Field(default=(), description="windows of volatilities")
    momentum_windows: tuple[Window, ...] = Field(default=(), description="windows of momenta")
    bar_range: bool = Field(
        default=False, description="(high - low) / close, and the position of the close within the range"
    )
    volume: bool = Field(
        default=False, description="log volume relative to its past mean; left out if the data have no volume"
    )

    def base_bars(self, ratio: int, *, has_volume: bool) -> int:
        """Returns the number of bars before a bar of the data that the features depend on.

        Args:
            ratio: Number of bars of the data in a bar of the time frame.
            has_volume: Whether the data have a volume.
        """
        windows = [*self.return_horizons, *self.volatility_windows, *self.momentum_windows]
        needed = [(max(windows) + 1) * ratio - 1] if windows else []  # from the last bar of the earliest one on
        if self.bar_range:
            needed.append(2 * ratio - 2)
        if self.volume and has_volume:
            needed.append((VOLUME_WINDOW + 2) * ratio - 2)
        return max(needed, default=0)


class FeatureConfig(Record):
    """Features of each bar, computed from that bar and earlier bars only. Horizons and windows are in bars."""

    return_horizons: tuple[Bars, ...] = Field(default=(1, 2, 4, 8, 24), description="horizons of returns")
    volatility_windows: tuple[Window, ...] = Field(default=(24, 120), description="windows of volatilities")
    momentum_windows: tuple[Window, ...] = Field(default=(24,), description="windows of momenta")
    bar_range: bool = Field(
        default=True, description="(high - low) / close, and the position of the close within the range"
    )
    volume: bool = Field(
        default=True, description="log volume relative to its past mean; left out if the data have no volume"
    )
    time: bool = Field(default=True, description="sine and cosine of the hour of the day and the day of the week")
    instrument: Annotated[bool, LATER] = Field(
        default=False,
        exclude_if=_is_false,
        description="one column for each instrument, 1 for the instrument of the bar and 0 for the others",
    )
    columns: Annotated[tuple[Annotated[str, Field(min_length=1)], ...] | Literal["all"], LATER] = Field(
        default=(),
        exclude_if=_is_absent,
        description="columns of the file that are features, such as [rsi, sentiment], or all for all columns of "
        "numbers without another meaning; the value of a row is taken as known at the close of its bar",
    )
    order_book: Annotated[OrderBookConfig, LATER] = Field(
        default_factory=OrderBookConfig,
        exclude_if=_has_no_features,
        description="features of order-book snapshots, such as {depths: [1, 5], microprice: true}",
    )
    function: Annotated[Annotated[str, AfterValidator(_function_path)] | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="function of yours that makes features from bars, module:function; looked up in function_folder, "
        "then on Python's path",
    )
    function_window: Annotated[Annotated[int, Field(ge=0, le=MAX_COUNT)] | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="number of earlier bars that a value of the function depends on, with its longest arguments; "
        "required with function",
    )
    function_folder: Annotated[Annotated[str, AfterValidator(check_path)] | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="folder of the function's module; by default the folder of the spec if it has the module, else the "
        "current folder",
    )
    arguments: Annotated[Annotated[Mapping[str, Argument], AfterValidator(_ByName)], LATER] = Field(
        default_factory=_ByName,
        exclude_if=_is_absent,
        description="arguments of the function by name; each is a field, such as data.features.arguments.period",
    )
    timeframes: Annotated[
        Annotated[
            Mapping[Annotated[str, Field(pattern=f"^{LENGTH}$")], TimeframeConfig], AfterValidator(_shortest_first)
        ],
        LATER,
    ] = Field(
        default_factory=_ByName,
        exclude_if=_is_absent,
        description="features of higher time frames by their length, such as {4h: {return_horizons: [1, 4]}}, of "
        "closed bars only; needs data.resample, the length of the bars",
    )

    @model_validator(mode="after")
    def _columns_differ(self) -> "FeatureConfig":
        for place, name in enumerate(() if self.columns == ALL else self.columns):
            if name in self.columns[:place]:
                raise ValueError(f"columns has {name!r} twice; keep one")
        return self

    @model_validator(mode="after")
    def _function_has_window(self) -> "FeatureConfig":
        if self.function is None and (given := [key for key in _OF_FUNCTION if not _is_absent(getattr(self, key))]):
            raise ValueError(f"{' and '.join(given)} need the key function, which is not given")
        if self.function is not None and self.function_window is None:
            raise ValueError(
                "function needs function_window, the number of earlier bars that a value of the function depends on"
            )
        return self

    def longest_window(self, bars: str | None, *, has_volume: bool = True) -> int:
        """Returns the number of bars before a bar that its features depend on.

        Args:
            bars: Length of the bars, `data.resample`.
            has_volume: Whether the data have a volume.
        """
        windows = [*self.return_horizons, *self.volatility_windows, *self.momentum_windows, self.function_window or 0]
        windows.append(self.order_book.longest_window)
        if self.volume and has_volume:
            windows.append(VOLUME_WINDOW)
        if bars is not None:
            for length, frame in self.timeframes.items():
                windows.append(frame.base_bars(seconds_of(length) // seconds_of(bars), has_volume=has_volume))
        return max(windows)

    def without_volume(self) -> "FeatureConfig":
        """Returns the features of data without a volume."""
        frames = {length: frame.model_copy(update={"volume": False}) for length, frame in self.timeframes.items()}
        return self.model_copy(update={"volume": False, "timeframes": _ByName(frames)})


_OF_FUNCTION: Final = ("arguments", "function_window", "function_folder")
