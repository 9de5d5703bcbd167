"""The data of a market for environments and training, in one record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray, TimeArray
from fxai.market.features.features import FeatureTable, features
from fxai.market.features.standardizer import Standardizer
from fxai.market.markets.book_levels import book_levels
from fxai.market.reading.read_bars import load_bars
from fxai.market.splits.folds import Fold, folds_of, latest_fold, splits_of
from fxai.market.splits.splits import Span, Splits, split
from fxai.market.timestamps.calendar import bars_per_year, nights_held
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import ALL
from fxai.spec.fields.training_config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Market:
    """Prices and features of all bars, and the bars of each split. Arrays are float64 with [bar] first.

    Row t of `features` is known at the close of bar t; an order of that time is filled at `open[t + 1]`.
    """

    name: str
    content_hash: str  # of the data's source
    time: TimeArray  # the bar's open, UTC, datetime64[ns]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    spread: FloatArray | None  # full bid-ask spread in units of price; None: `env.spread` is used
    nights: NDArray[np.int64]  # rollovers between this bar's open and the next
    features: FloatArray  # [bar, feature], standardized with the train split; 0 before `splits.train.start`
    feature_names: tuple[str, ...]
    splits: Splits  # with folds, train and validation are those of the latest fold
    bars_per_year: float
    standardizer: Standardizer
    folds: tuple[Fold, ...] = ()  # empty without folds
    instrument: str = ""  # name of the instrument in data with several; its costs may be its own
    columns: tuple[str, ...] = ()  # names of the features that are columns of the file
    book: FloatArray | None = None  # levels that orders take, see `book_levels`; None without `data.book_levels`

    def __len__(self) -> int:
        return len(self.time)


def prepare(config: DataConfig, standardizer: Standardizer | None = None) -> Market:
    """Read bars, compute features, split and standardize.

    Args:
        config: Source, features and splits.
        standardizer: Standardizer of a trained agent; the default is fitted to the train split.
    """
    return prepare_bars(load_bars(config), config, standardizer)


def prepare_bars(
    bars: Bars,
    config: DataConfig,
    standardizer: Standardizer | None = None,
    constants: Mapping[str, float] = MappingProxyType({}),
) -> Market:
    """As `prepare`, for bars in memory; `constants` are further columns of a standardizer that is fitted."""
    table = features(bars, config)
    splits, folds = _cut(bars, table, config)
    if standardizer is None:
        standardizer = _fitted(table, (splits.train,)).with_constants(constants)
    return replace(_market(bars, table, splits, standardizer, config), folds=folds)


def prepare_folds(config: DataConfig) -> Iterator[Market]:
    """As `prepare`, once for each fold, standardized with the fold's train bars. One market is in memory at a time."""
    bars = load_bars(config)
    table = features(bars, config)
    splits, folds = _cut(bars, table, config)
    for fold in folds:
        yield replace(_market(bars, table, splits, _fitted(table, fold.train), config), folds=folds)


def _cut(bars: Bars, table: FeatureTable, config: DataConfig) -> tuple[Splits, tuple[Fold, ...]]:
    """The splits, with folds those of the latest one, and the folds."""
    splits = split(bars.time, config.split, table.warm_up)
    folds = folds_of(config.split, splits, table.warm_up)
    return (splits_of(folds[latest_fold(folds)], splits) if folds else splits), folds


def _fitted(table: FeatureTable, spans: Sequence[Span]) -> Standardizer:
    """The standardizer of the bars of some spans."""
    return Standardizer.fit(np.concatenate([table.values[span.start : span.stop] for span in spans]), table.names)


def prepare_unsplit(bars: Bars, config: DataConfig, standardizer: Standardizer) -> tuple[Market, Span]:
    """Bars for scoring an agent without splits, and the span of bars with all features; the splits are empty."""
    table = features(bars, config)
    none = Span(len(bars), len(bars))
    return _market(bars, table, Splits(none, none, none), standardizer, config), Span(table.warm_up, len(bars))


def without_features(bars: Bars, instrument: str = "") -> Market:
    """Prices alone: a market without features and splits, for positions that no agent of FxAI computes."""
    none = Span(len(bars), len(bars))
    return Market(
        name=bars.name,
        content_hash=bars.content_hash,
        time=bars.time,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        spread=bars.spread,
        nights=nights_held(bars.time),
        features=np.empty((len(bars), 0)),
        feature_names=(),
        splits=Splits(none, none, none),
        bars_per_year=bars_per_year(bars.time),
        standardizer=Standardizer((), (), ()),
        instrument=instrument,
    )


def _market(bars: Bars, table: FeatureTable, splits: Splits, standardizer: Standardizer, config: DataConfig) -> Market:
    if not standardizer.fits(table.names):
        raise DataError(
            f"{bars.name}: the agent was trained on the features {', '.join(dict.fromkeys(standardizer.names))}; "
            f"these data and data.features give {', '.join(table.names)}"
        )
    return replace(
        without_features(bars),
        features=np.nan_to_num(standardizer.apply(table.values), nan=0.0),
        feature_names=standardizer.names,
        splits=splits,
        standardizer=standardizer,
        columns=tuple(bars.columns),
        book=book_levels(bars, config.book_levels),
    )


def with_named_columns(config: TrainingConfig, market: Market) -> TrainingConfig:
    """The configuration of an agent: columns by name in place of `all`, since other data may have more columns."""
    if config.data.features.columns != ALL:
        return config
    features = config.data.features.model_copy(update={"columns": market.columns})
    return config.model_copy(update={"data": config.data.model_copy(update={"features": features})})


def with_oracle(market: Market) -> Market:
    """The market with one more feature, `oracle`: what a position ordered at this bar's close will earn.

    That is ln(open[t+2] / open[t+1]), standardized like the others; 0 before standardizing in the last two
    bars. An agent must become nearly perfect with it: a test of trainers, never of strategies.
    """
    log_open = np.log(market.open)
    oracle = np.zeros((len(market), 1))
    oracle[:-2, 0] = log_open[2:] - log_open[1:-1]
    train = market.splits.train
    measured = Standardizer.fit(oracle[train.start : train.stop], ("oracle",))
    known = market.standardizer
    return replace(
        market,
        features=np.hstack([market.features, measured.apply(oracle)]),
        feature_names=(*market.feature_names, "oracle"),
        standardizer=Standardizer(
            (*known.names, *measured.names), (*known.mean, *measured.mean), (*known.std, *measured.std)
        ),
    )
