"""The section `data`: bars, splits and features."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.feature_config import LENGTH, FeatureConfig, seconds_of
from fxai.spec.fields.folds_config import CombinatorialConfig, WalkForwardConfig
from fxai.spec.fields.record import LATER, Record
from fxai.spec.fields.sources import Source, as_name

_BOOK_SET: Final = "btcusd_book_1m"
NAMED_SOURCE: Final = re.compile(
    rf"eurusd_1h|btcusd_1m|{_BOOK_SET}|(?P<kind>planted_1h|shuffled_1h)(?::(?P<seed>\d{{1,9}}))?"
)
"""Names of the built-in data sets of `source`, which `market/reading/read_bars.py` reads or generates."""

SPREAD_BEFORE_AUTO: Final[Mapping[str, float | None]] = MappingProxyType({"spread_column": None, "spread_unit": 1.0})
"""Defaults of the spread before `auto`."""

Fraction = Annotated[float, Field(gt=0, lt=1)]


def _no_number(value: object) -> object:
    """Refuses a number for a date, because Pydantic reads `train: 60` as one minute after the start of 1970."""
    if isinstance(value, int | float):
        raise ValueError("must be a fraction between 0 and 1, or a date such as 2017-09-01")  # noqa: TRY004 - pydantic's
    return value


Date = Annotated[datetime, BeforeValidator(_no_number)]


Meaning = Literal["time", "date", "open", "high", "low", "close", "bid", "ask", "volume", "symbol"]
"""What a column of a file may be. With `date`, `time` is the time of day."""


class _ColumnNames(dict[Meaning, str | int]):
    """Columns of a file by meaning. It has a hash, because configurations are keys of caches."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


GivenColumns = Mapping[Meaning, str | int]
"""Columns of a file by name, or by number from 1."""

Format = Literal["order_book"]
"""Layout of the tables that have to be named or recognized because they have no bars."""

Decimal = Literal[".", ","]
"""The decimal sign of the numbers of a file."""


def _is_absent(value: object) -> bool:
    """Whether a field is left out of what is written, so that checkpoints of earlier releases are continued."""
    return value is None


class SplitConfig(Record):
    """Chronological train / validation / test split, by fraction of the bars or by date.

    The test split is the rest of the bars. With `validation: null` the rest is the validation split and there is no
    test split. `embargo_bars` bars are left out between two splits, so that no feature window of one split contains
    bars of the other. Its default depends on the search space (`spec/search/embargo.py`).
    """

    train: Fraction | Date = Field(default=0.6, description="share of the bars, or the date at which the split ends")
    validation: Fraction | Date | None = Field(
        default=0.2,
        description="share of the bars, or the date at which the split ends; null takes all bars after train",
    )
    embargo_bars: int | None = Field(
        default=None,
        ge=0,
        le=MAX_COUNT,
        description="bars left out between two splits; by default the longest window of data.features plus the longest "
        "env.observation_window minus 1, over the whole search space",
    )
    validation_episodes: Annotated[int | None, LATER] = Field(
        default=None,
        ge=2,
        le=100_000,
        description="number of equal parts of the validation split, each scored as one episode",
    )
    walk_forward: Annotated[WalkForwardConfig | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="several test windows that follow each other, each with a training of its own",
    )
    combinatorial: Annotated[CombinatorialConfig | None, LATER] = Field(
        default=None, exclude_if=_is_absent, description="groups of bars, and a training for each choice of test groups"
    )

    @model_validator(mode="after")
    def _one_validation(self) -> "SplitConfig":
        names = ("validation_episodes", "walk_forward", "combinatorial")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other; keep one")
        return self

    @property
    def folds(self) -> int:
        """Number of trainings of a trial for each seed."""
        if self.walk_forward is not None:
            return self.walk_forward.folds
        return 1 if self.combinatorial is None else self.combinatorial.folds

    @property
    def has_folds(self) -> bool:
        return self.folds > 1

    @model_validator(mode="after")
    def _check_split(self) -> "SplitConfig":
        if self.validation is None:
            return self
        if isinstance(self.train, datetime) != isinstance(self.validation, datetime):
            raise ValueError("give train and validation both as fractions or both as end dates")
        match self.train, self.validation:
            case float(train), float(validation) if train + validation >= 1:
                raise ValueError("train and validation leave nothing for the test split; their sum must be below 1")
            case datetime() as train, datetime() as validation if validation <= train:
                raise ValueError("validation must end after train ends")
        return self


class CleanConfig(Record):
    """What becomes of rows that are probably wrong. `refuse` is an error that names them, `drop` leaves them out.

    `keep` uses them. `fxai data describe` names them with each rule.
    """

    invalid: Literal["refuse", "drop"] = Field(
        default="refuse",
        description="rows with an empty cell, a price that is not above zero, a high below the low, or a negative "
        "volume or spread",
    )

    repeated: Literal["refuse", "drop"] = Field(
        default="refuse", description="rows with the time of another row and other prices; drop uses the last of them"
    )
    weekends: Literal["keep", "refuse", "drop"] = Field(
        default="keep", description="bars without movement from Friday 22:00 to Sunday 21:00 UTC, if nearly all are so"
    )
    stale: Literal["keep", "refuse", "drop"] = Field(
        default="keep",
        description="bars with the four prices of the bar before, 12 or more in a row and for an hour or longer",
    )
    spikes: Literal["keep", "refuse", "drop"] = Field(
        default="keep",
        description="single bars with a price that is off by a factor, 1.2 or more, from the bars before and after",
    )


def _is_clean_default(value: object) -> bool:
    """Whether `clean` is left out of what is written, so that checkpoints of earlier releases are continued."""
    return value == CleanConfig()


InstrumentName = Annotated[str, Field(min_length=1), BeforeValidator(as_name)]
"""The name of an instrument."""


class DataConfig(Record):
    """The bars, their splits and their features."""

    source: Source = Field(
        default="eurusd_1h",
        description="named data set, or a CSV, JSON, Parquet or Arrow file, or a folder or a pattern (eurusd/*.csv) "
        "whose files are joined, looked up in the folder of the spec, then in the current folder; ${NAME} is an "
        "environment variable. For several instruments a mapping {EURUSD: a.csv, GBPUSD: b.csv}",
    )
    timezone: str = Field(
        default="UTC",
        description="time zone of timestamps without one: a name such as Europe/Berlin, an offset such as +02:00, or a "
        "city's time plus hours, such as New York+7, the clock of most MetaTrader brokers",
    )
    date_format: Annotated[str | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="form of the timestamps, if it is not recognized: codes of strptime, such as '%m/%d/%Y %H:%M'; or "
        "seconds, milliseconds, microseconds or nanoseconds since 1970; or excel for its serial days",
    )
    columns: Annotated[
        Annotated[dict[Meaning, str | Annotated[int, Field(ge=1)]], AfterValidator(_ColumnNames)] | None, LATER
    ] = Field(
        default=None,
        exclude_if=_is_absent,
        description="columns that are not recognized, by name or by number from 1, such as {time: Datum, close: 5}",
    )
    format: Annotated[Format | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="order_book for snapshots of an order book, with the columns system_time, midpoint, "
        "bids_distance_N, bids_notional_N, asks_distance_N and asks_notional_N; by default FxAI decides by the columns",
    )
    book_levels: Annotated[int, LATER] = Field(
        default=0,
        ge=0,
        le=1000,
        exclude_if=lambda levels: levels == 0,
        description="number of levels of each side of order-book snapshots that orders take with env.fill: "
        "walk_the_book, the best ones first",
    )
    decimal: Annotated[Decimal | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="decimal sign of the numbers, if it is not recognized: the other sign then separates thousands",
    )
    resample: Annotated[Annotated[str, Field(pattern=f"^{LENGTH}$")] | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="length of the bars that are made of ticks or of shorter bars, such as 30s, 5min, 4h or 1d; they "
        "begin at multiples of it in UTC",
    )
    instrument: Annotated[str | None, BeforeValidator(as_name), LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="name of the instrument whose rows are read, for a file with the rows of several",
    )
    instruments: Annotated[Literal["all"] | tuple[InstrumentName, ...] | None, LATER] = Field(
        default=None,
        exclude_if=_is_absent,
        description="instruments that one agent trades: all, or a list of names. Each file of a folder or a pattern is "
        "an instrument, named like the file; a single file has the rows of several",
    )
    spread_column: str | None = Field(
        default="auto",
        description="column with the spread of each bar, which replaces env.spread; auto is a column with a "
        "name such as spread, if the file has one, and null is none",
    )
    spread_unit: Annotated[float, Field(gt=0)] | Literal["auto"] = Field(
        default="auto",
        description="price per unit of spread_column, such as 0.00001 for the points of EURUSD in MetaTrader; auto "
        "finds it by the digits of the prices, or is an error",
    )
    clean: Annotated[CleanConfig, LATER] = Field(
        default_factory=CleanConfig, exclude_if=_is_clean_default, description="rows that are probably wrong"
    )
    split: SplitConfig = Field(default_factory=SplitConfig, description="split into train, validation and test")
    features: FeatureConfig = Field(default_factory=FeatureConfig, description="features of each bar")

    def longest_window(self, *, has_volume: bool = True) -> int:
        """Returns the number of bars before a bar that its features depend on; see `FeatureConfig.longest_window`."""
        return self.features.longest_window(self.resample, has_volume=has_volume)

    @model_validator(mode="after")
    def _book_is_of_the_open(self) -> "DataConfig":
        if self.book_levels and self.resample is not None:
            raise ValueError("book_levels needs data without resample, whose bars open before their last snapshot")
        return self

    @model_validator(mode="after")
    def _timeframes_fit(self) -> "DataConfig":
        frames = self.features.timeframes
        if frames and self.resample is None:
            raise ValueError(
                "features.timeframes needs resample, the length of the bars, such as 1h; bars of that length are not "
                "changed by it"
            )
        for length in frames:
            count, rest = divmod(seconds_of(length), seconds_of(self.resample or length))
            if rest or count <= 1:
                raise ValueError(
                    f"features.timeframes: {length} must be a multiple of the length of the bars, resample "
                    f"{self.resample}"
                )
        return self

    @model_validator(mode="before")
    @classmethod
    def _named_sets_have_no_spread(cls, written: Any) -> Any:
        """Sets the earlier defaults for a named data set, so that its studies and checkpoints are continued.

        The spread of an order book is part of it.
        """
        if not isinstance(written, Mapping):
            return written
        source = written.get("source", cls.model_fields["source"].default)
        if not isinstance(source, str) or not NAMED_SOURCE.fullmatch(source) or source == _BOOK_SET:
            return written
        found = {key: value for key, value in SPREAD_BEFORE_AUTO.items() if written.get(key, "auto") == "auto"}
        return {**written, **found}

    @model_validator(mode="after")
    def _check_instruments(self) -> "DataConfig":
        if not isinstance(self.source, str) and (self.instrument is not None or self.instruments is not None):
            key = "instrument" if self.instruments is None else "instruments"
            raise ValueError(f"source names each instrument, so {key} must be absent; keep one of them")
        if self.instrument is not None and self.instruments is not None:
            raise ValueError("instrument and instruments exclude each other; keep one")
        if self.instruments is not None and NAMED_SOURCE.fullmatch(str(self.source)):
            raise ValueError(f"{self.source} has one instrument; remove instruments, or write source as a mapping")
        if isinstance(self.instruments, tuple) and len(set(self.instruments)) != max(1, len(self.instruments)):
            raise ValueError("instruments must be all, or a list of different names")
        if self.features.instrument and not self.has_instruments:
            raise ValueError("features.instrument needs several instruments: a mapping as source, or instruments")
        if self.has_instruments and self.split.has_folds:
            raise ValueError(
                "walk_forward and combinatorial folds are of one instrument; with several instruments the validation "
                "is one split"
            )
        return self

    @property
    def has_instruments(self) -> bool:
        """Whether the data are a set of named instruments, which may be one."""
        return not isinstance(self.source, str) or self.instruments is not None
