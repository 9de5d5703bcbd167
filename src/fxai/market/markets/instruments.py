"""The markets of several instruments, with one set of split dates for all of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

import numpy as np

from fxai.errors import DataError
from fxai.formatting import span
from fxai.market.bars import Bars, TimeArray
from fxai.market.features.standardizer import CONSTANT
from fxai.market.markets.dataset import Market, prepare, prepare_bars
from fxai.market.reading.instrument_bars import instrument_configs, read_instruments
from fxai.market.reading.read_bars import load_bars
from fxai.market.splits.splits import Span, boundaries
from fxai.market.timestamps.calendar import bar_length
from fxai.spec.fields.data_config import DataConfig, SplitConfig

_SAME_LENGTH = 0.01  # largest relative difference of the bar lengths of two instruments


@dataclass(frozen=True, slots=True)
class MarketSet:
    """Markets of one or more instruments. Joined bars are the bars of one market after the other."""

    names: tuple[str, ...]  # of the instruments, sorted; empty for data without named instruments, with one market
    markets: tuple[Market, ...]
    content_hash: str  # of the data of all instruments
    config: DataConfig  # of all of them, with the dates of their splits
    configs: tuple[DataConfig, ...]  # of each market alone, with the same dates

    @classmethod
    def of_one(cls, market: Market, config: DataConfig) -> "MarketSet":
        """The set of a market that has no named instruments."""
        return cls((), (market,), market.content_hash, config, (config,))

    @property
    def first(self) -> Market:
        """The first market; only data without named instruments have folds."""
        return self.markets[0]

    @property
    def offsets(self) -> tuple[int, ...]:
        """The joined index of the first bar of each market."""
        return tuple(accumulate(map(len, self.markets[:-1]), initial=0))

    @property
    def train(self) -> tuple[Span, ...]:
        """The train split of each market, in joined bars."""
        return self._spans([market.splits.train for market in self.markets])

    @property
    def validation(self) -> tuple[Span, ...]:
        """The validation split of each market, in joined bars."""
        return self._spans([market.splits.validation for market in self.markets])

    @property
    def time(self) -> TimeArray:
        """The opens of all joined bars."""
        return np.concatenate([market.time for market in self.markets])

    def _spans(self, spans: Sequence[Span]) -> tuple[Span, ...]:
        moved = zip(spans, self.offsets, strict=True)
        return tuple(Span(span.start + offset, span.stop + offset) for span, offset in moved)


def prepare_set(config: DataConfig) -> MarketSet:
    """Read bars, compute features, split and standardize: for each instrument, or for data of one source.

    Raises:
        DataError: The data of an instrument cannot be read or used; the message has its name.
    """
    if not config.has_instruments:
        return MarketSet.of_one(prepare(config), config)
    bars = {name: reading.bars for name, reading in read_instruments(config).items()}
    return prepare_instruments(bars, config)


def prepare_instruments(bars: Mapping[str, Bars], config: DataConfig) -> MarketSet:
    """As `prepare_set`, for bars in memory by the names of their instruments."""
    plan = set_without_markets(bars, config)
    return replace(plan, markets=tuple(markets_of(bars, plan)))


def set_without_markets(bars: Mapping[str, Bars], config: DataConfig) -> MarketSet:
    """The set of instruments without their markets, which `markets_of` prepares one by one."""
    names, dated = tuple(sorted(bars)), common_config(bars, config)
    return MarketSet(names, (), set_hash(bars), dated, instrument_configs(dated, names))


def markets_of(bars: Mapping[str, Bars], plan: MarketSet) -> Iterator[Market]:
    """The market of each instrument of a set, in the order of its names."""
    of_first: tuple[str, ...] | None = None
    for name in plan.names:
        market = _market(name, plan.names, bars[name], plan.config)
        of_first = of_first or market.feature_names
        if market.feature_names != of_first:
            raise DataError(
                f"instrument {name} has the features {', '.join(market.feature_names)}; instrument {plan.names[0]} has "
                f"{', '.join(of_first)}"
            )
        yield market


def common_config(bars: Mapping[str, Bars], config: DataConfig) -> DataConfig:
    """The configuration with the dates of the splits, and without the feature `volume` if an instrument has none.

    Fractions are of the times at which any instrument has a bar. Fractions of the bars of each instrument would have
    other dates for each, and an agent would train on dates on which another instrument is scored.

    Raises:
        DataError: The bars of two instruments have different lengths or columns, or only some have a spread.
    """
    check_alike(bars)
    split = with_dates([each.time for each in bars.values()], config.split)
    features = config.features
    if any(each.volume is None for each in bars.values()):
        features = features.without_volume()
    return config.model_copy(update={"split": split, "features": features})


def check_alike(bars: Mapping[str, Bars]) -> None:
    """Check that the bars of all instruments have one length and the same columns.

    Raises:
        DataError: Otherwise; the message has two instruments.
    """
    _check_lengths(bars)
    _check_columns(bars)
    _check_spreads(bars)


def with_dates(times: Sequence[TimeArray], config: SplitConfig) -> SplitConfig:
    """The split with the dates at which its fractions end, of the times [bar] of each instrument."""
    if isinstance(config.train, datetime):
        return config
    union = np.unique(np.concatenate(times))
    train, validation = boundaries(union, config)
    ends = {"train": _date(union, train)}
    if config.validation is not None:
        ends["validation"] = _date(union, validation)
    return config.model_copy(update=ends)


def data_hash_of(config: DataConfig) -> str:
    """SHA-256 of the data of a configuration, without the features."""
    if not config.has_instruments:
        return load_bars(config).content_hash
    return set_hash({name: reading.bars for name, reading in read_instruments(config).items()})


def set_hash(bars: Mapping[str, Bars]) -> str:
    """SHA-256 of the names and the data of all instruments."""
    parts = [f"{name}:{bars[name].content_hash}\n" for name in sorted(bars)]
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def instrument_columns(name: str, names: Sequence[str]) -> dict[str, float]:
    """The input columns of `data.features.instrument` for an instrument: 1 in its own column, 0 in the others."""
    return {f"{CONSTANT}{each}": float(each == name) for each in names}


def _market(name: str, names: Sequence[str], bars: Bars, config: DataConfig) -> Market:
    columns = instrument_columns(name, names) if config.features.instrument else {}
    try:
        return replace(prepare_bars(bars, config, constants=columns), instrument=name)
    except DataError as error:
        raise DataError(f"instrument {name}: {error}") from error


def _check_lengths(bars: Mapping[str, Bars]) -> None:
    lengths = {name: bar_length(each.time) for name, each in bars.items()}
    (first, least), *others = lengths.items()
    for name, length in others:
        if abs(length / least - 1) > _SAME_LENGTH:
            raise DataError(
                f"instrument {name} has bars of {_text(length)}, and instrument {first} of {_text(least)}; give all "
                "instruments bars of one length, for example with data.resample"
            )


def _check_columns(bars: Mapping[str, Bars]) -> None:
    (first, columns), *others = ((name, tuple(each.columns)) for name, each in bars.items())
    for name, own in others:
        if own != columns:
            raise DataError(
                f"instrument {name} has the columns {', '.join(own) or 'none'}, and instrument {first} "
                f"{', '.join(columns) or 'none'}; name those of all instruments in data.features.columns, in one order"
            )


def _check_spreads(bars: Mapping[str, Bars]) -> None:
    without = [name for name, each in bars.items() if each.spread is None]
    if without and len(without) < len(bars):
        raise DataError(
            f"the bars of {', '.join(without)} have no column of spreads, and those of the other instruments have one; "
            "give all of them one, or set data.spread_column to null"
        )


def _text(length: np.timedelta64) -> str:
    return span(float(length / np.timedelta64(1, "s")))


def _date(time: TimeArray, index: int) -> datetime:
    date: datetime = time[index].astype("datetime64[us]").item()
    return date
