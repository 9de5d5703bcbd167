"""Summary of a data set before training."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import Bars, Faults, Reading, TimeArray
from fxai.market.features.features import FeatureTable, features, names_by_origin
from fxai.market.reading.read_bars import read_bars
from fxai.market.splits.splits import Span, split
from fxai.market.timestamps.calendar import Gaps, bar_length, bars_per_year, find_gaps
from fxai.market.timestamps.clock_check import clock_warning
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import config_with_embargo


@dataclass(frozen=True, slots=True)
class PriceSummary:
    """Summary of closes and of their changes."""

    first: float
    last: float
    lowest: float  # of the lows
    highest: float  # of the highs
    volatility: float  # standard deviation of the log return of one bar
    mean_spread: float | None  # units of price; None: the data have no spread


@dataclass(frozen=True, slots=True)
class SplitDescription:
    name: str
    bars: int
    first: np.datetime64  # open of its first bar, UTC
    last: np.datetime64  # open of its last bar, UTC


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that `fxai data describe` prints."""

    name: str
    content_hash: str
    rows: int  # bars that are used
    first: np.datetime64  # open of the first bar, UTC
    last: np.datetime64  # open of the last bar, UTC
    time_form: str  # how the file writes times
    zone: str | None  # `data.timezone` if it was applied
    bar_length: np.timedelta64
    bars_per_year: float
    faults: Faults
    clock_warning: str | None  # what is wrong with `data.timezone`
    gaps: Gaps
    columns: Mapping[str, str]  # the file's column name by meaning; empty for generated bars
    prices: PriceSummary
    warm_up: int  # bars before the first one with all features
    feature_names: tuple[str, ...]
    feature_origins: Mapping[str, tuple[str, ...]]  # the names by what makes them: `names_by_origin`
    splits: tuple[SplitDescription, ...]
    split_problem: str | None  # why there are no splits or features; None if there are


def describe(config: DataConfig) -> Description:
    """Read and summarize a data set. Too few bars for features or splits are reported in the result, not raised."""
    return describe_reading(read_bars(config), config)


def describe_reading(reading: Reading, config: DataConfig) -> Description:
    """As `describe`, for bars in memory."""
    bars = reading.bars
    table, splits, problem = _outlook(bars, config)
    return Description(
        name=bars.name,
        content_hash=bars.content_hash,
        rows=len(bars),
        first=bars.time[0],
        last=bars.time[-1],
        time_form=reading.time_form,
        zone=reading.zone,
        bar_length=bar_length(bars.time),
        bars_per_year=bars_per_year(bars.time),
        faults=reading.faults,
        clock_warning=clock_warning(bars.time, reading.zone) if reading.columns else None,
        gaps=find_gaps(bars.time),
        columns=reading.columns,
        prices=_prices(bars),
        warm_up=0 if table is None else table.warm_up,
        feature_names=() if table is None else table.names,
        feature_origins={} if table is None else names_by_origin(table, bars, config),
        splits=splits,
        split_problem=problem,
    )


def _outlook(bars: Bars, config: DataConfig) -> tuple[FeatureTable | None, tuple[SplitDescription, ...], str | None]:
    """The features and the splits as far as they can be made, and why not."""
    try:
        table = features(bars, config)
    except DataError as error:
        return None, (), str(error)
    try:
        # The embargo of a study with this data and the default environment.
        split_config = config_with_embargo(TrainingConfig(data=config)).data.split
        spans = split(bars.time, split_config, table.warm_up).named()
    except DataError as error:
        return table, (), str(error)
    described = tuple(_described(name, span, bars.time) for name, span in spans.items())
    return table, described, None


def _described(name: str, span: Span, time: TimeArray) -> SplitDescription:
    return SplitDescription(name, len(span), time[span.start], time[span.stop - 1])


def _prices(bars: Bars) -> PriceSummary:
    returns = np.diff(np.log(bars.close))
    return PriceSummary(
        first=float(bars.close[0]),
        last=float(bars.close[-1]),
        lowest=float(bars.low.min()),
        highest=float(bars.high.max()),
        volatility=float(returns.std()),
        mean_spread=None if bars.spread is None else float(bars.spread.mean()),
    )
