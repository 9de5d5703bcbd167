"""Finds the columns of a file by the names that common exports use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from fxai.errors import DataError
from fxai.spec.fields.data_config import DataConfig, GivenColumns
from fxai.spec.fields.news_config import NewsMeaning

_EPOCH = ("unix", "epoch", "unix_time", "unix_timestamp")
_MOMENT = ("datetime", "date_time", "timestamp", "time_utc", "gmt_time", "local_time", "open_time", "opentime")
_DATE = ("date", "dtyyyymmdd", "day")
_TIME = ("time",)
_PRICES = {
    "open": ("open", "o", "open_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "close_price", "last", "price"),  # the last two are Barchart's and Investing's
}
_BID, _ASK = ("bid", "bid_price", "bidprice"), ("ask", "ask_price", "askprice")
_SYMBOL = ("symbol", "ticker", "tic", "pair", "instrument")
_SPREAD = ("spread", "ask-bid", "ask_bid", "bid-ask", "bid_ask", "bid_ask_spread", "ask_bid_spread", "spread_points")
_VOLUME = ("volume", "tickvol", "tick_volume", "tickvolume", "vol", "v", "real_volume")
_NEVER_READ = ("close_time", "closetime", "ignore", "")  # such as those of Binance, and an index without a name


@dataclass(frozen=True, slots=True)
class Columns:
    """The file's names of the columns to read."""

    time: tuple[str, ...]  # one column, or date and time of day
    open: str
    high: str
    low: str
    close: str
    volume: str | None
    spread: str | None
    symbol: str | None

    @property
    def prices(self) -> tuple[str, ...]:
        """Names of the columns of prices."""
        return (self.open, self.high, self.low, self.close)

    @property
    def all(self) -> tuple[str, ...]:
        """Names of all columns to read."""
        named = (*self.prices, *self.further, self.symbol)
        return (*self.time, *(name for name in named if name is not None))

    @property
    def further(self) -> tuple[str, ...]:
        """Names of the columns of numbers besides prices."""
        return tuple(name for name in (self.volume, self.spread) if name is not None)

    def named(self) -> dict[str, str]:
        """Names of the columns in the file, by meaning, without missing columns."""
        found = {
            "time": " + ".join(name.strip() or "(without name)" for name in self.time),
            "open": self.open,
            "high": self.high,
            "low": self.low,
            "close": self.close,
            "volume": self.volume,
            "spread": self.spread,
        }
        return {meaning: name for meaning, name in found.items() if name is not None}


@dataclass(frozen=True, slots=True)
class TickColumns:
    """The file's names of the columns of a table of ticks."""

    time: tuple[str, ...]  # one column, or date and time of day
    bid: str
    ask: str
    symbol: str | None

    def named(self) -> dict[str, str]:
        """Names of the columns in the file, by meaning."""
        return {
            "time": " + ".join(name.strip() or "(without name)" for name in self.time),
            "bid": self.bid,
            "ask": self.ask,
        }


def names_an_open(name: str) -> bool:
    """Whether the cell of a header is a name of the open price, which every table of bars has."""
    return plain_name(name) in _PRICES["open"]


def names_numbers(name: str) -> bool:
    """Whether a column with this name has prices, volumes or spreads."""
    return any(plain_name(name) in synonyms for synonyms in (*_PRICES.values(), _BID, _ASK, _VOLUME, _SPREAD))


def has_other_meaning(name: str) -> bool:
    """Whether a column's name means a time, price, volume, spread or instrument, or an index of rows."""
    plain, times = plain_name(name), (*_EPOCH, *_MOMENT, *_DATE, *_TIME, "t")
    return names_numbers(name) or plain in (*times, *_SYMBOL, *_NEVER_READ) or plain.startswith("unnamed:")


def name_ticks(names: Sequence[str], given: GivenColumns = MappingProxyType({})) -> bool:
    """Whether the columns are those of ticks: bid and ask, and no open; `given` is `data.columns`."""
    if "open" in given or any(names_an_open(name) for name in names):
        return False
    plain = {plain_name(name) for name in names}
    return all(side in given or plain.intersection(known) for side, known in (("bid", _BID), ("ask", _ASK)))


def find_tick_columns(names: Sequence[str], config: DataConfig, source: str) -> TickColumns:
    """Find the columns of ticks, for which `name_ticks` is true.

    Raises:
        DataError: If the column of the time is missing.
    """
    by_plain = {plain_name(name): name for name in reversed(names)}
    given = given_columns(names, config.columns or {}, source)
    time = find_time(given, by_plain, names)
    bid, ask = given.get("bid") or _first(by_plain, _BID), given.get("ask") or _first(by_plain, _ASK)
    if not time or bid is None or ask is None:
        raise DataError(
            f"{source}: no column for time; the file has {', '.join(names)}. Name it by data.columns, such as "
            f"{{time: {names[0] or 1}}}"
        )
    return TickColumns(time, bid, ask, given.get("symbol") or _first(by_plain, _SYMBOL))


def find_columns(names: Sequence[str], config: DataConfig, source: str) -> Columns:
    """Find each column.

    Args:
        names: The file's names.
        config: `columns`, which replace names that are recognized, and `spread_column`.
        source: Name in messages.

    Raises:
        DataError: If a column is missing or occurs twice; the message lists the file's columns.
    """
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain_name(name), name)
    given = given_columns(names, config.columns or {}, source)
    time = find_time(given, by_plain, names)
    prices = {wanted: given.get(wanted) or _first(by_plain, synonyms) for wanted, synonyms in _PRICES.items()}
    missing = [*([] if time else ["time"]), *(wanted for wanted, name in prices.items() if name is None)]
    if missing:
        raise DataError(
            f"{source}: no column for {', '.join(missing)}; the file has {', '.join(names)}. Name the columns by "
            f"data.columns, such as {{{missing[0]}: {names[0] or 1}}}"
        )
    found = {wanted: name for wanted, name in prices.items() if name is not None}
    columns = Columns(
        time=time,
        **found,
        volume=given.get("volume") or _volume(by_plain),
        spread=spread_column(by_plain, config.spread_column, source),
        symbol=given.get("symbol") or _first(by_plain, _SYMBOL),
    )
    _check_distinct(columns, names, source)
    return columns


def _check_distinct(columns: Columns, names: Sequence[str], source: str) -> None:
    meanings: dict[str, str] = dict.fromkeys(columns.time, "time")
    twice = next((name for name in columns.time if list(names).count(name) > 1), None)
    for meaning, name in columns.named().items():
        if meaning == "time":
            continue
        if name in meanings:
            raise DataError(
                f"{source}: the column {name!r} is read as {meanings[name]} and as {meaning}; correct data.columns"
            )
        meanings[name] = meaning
        twice = name if list(names).count(name) > 1 else twice
    if twice is not None:
        raise DataError(f"{source}: the column {twice!r} occurs more than once; keep one of them")


def given_columns(
    names: Sequence[str], wanted: GivenColumns | Mapping[NewsMeaning, str | int], source: str, key: str = "data.columns"
) -> dict[str, str]:
    """The file's names of the columns that `data.columns` gives, by meaning.

    Args:
        names: The file's names.
        wanted: Names or numbers of columns by meaning.
        source: Name in messages.
        key: Key of `wanted` in messages.

    Raises:
        DataError: If the file has no such column.
    """
    found: dict[str, str] = {}
    for meaning, column in wanted.items():
        if isinstance(column, int):
            name = names[column - 1] if column <= len(names) else None
        else:
            name = next((each for each in names if plain_name(each) == plain_name(column)), None)
        if name is None:
            raise DataError(
                f"{source}: {key} has {meaning}: {column}, but the file has {len(names)} columns: {', '.join(names)}"
            )
        found[meaning] = name
    return found


def plain_name(name: str) -> str:
    """A column name in the form of the lists of this module: lower case, with underscores, without quotes and dots."""
    return "_".join(name.strip().strip("\"'<>.").lower().split())


def find_time(given: Mapping[str, str], by_plain: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """The columns of the time, those of `data.columns` before those that are recognized; empty if there is none."""
    return tuple(given[part] for part in ("date", "time") if part in given) or _time(by_plain, names)


def _first(by_plain: Mapping[str, str], synonyms: Sequence[str]) -> str | None:
    return next((by_plain[synonym] for synonym in synonyms if synonym in by_plain), None)


def _time(by_plain: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """The columns of the time: the least ambiguous name first; a date and a time of day are combined.

    Without such a name it is a first column without a name, as pandas writes an index.
    """
    if (single := _first(by_plain, (*_EPOCH, *_MOMENT))) is not None:
        return (single,)
    parts = tuple(part for part in (_first(by_plain, _DATE), _first(by_plain, _TIME)) if part is not None)
    if not parts and "t" in by_plain:
        return (by_plain["t"],)
    if not parts and (not names[0].strip() or names[0].startswith("Unnamed: ")):
        return (names[0],)
    return parts


def _volume(by_plain: dict[str, str]) -> str | None:
    """The column of the volume; `Volume BTC` counts if there is no plain volume."""
    named = _first(by_plain, _VOLUME)
    return named or next((name for plain, name in by_plain.items() if plain.startswith("volume_")), None)


def spread_column(by_plain: Mapping[str, str], wanted: str | None, source: str) -> str | None:
    """The column of the spread.

    Args:
        by_plain: The file's names by their plain names.
        wanted: `data.spread_column`.
        source: Name in messages.

    Raises:
        DataError: If the file has no such column.
    """
    if wanted is None:
        return None
    if wanted == "auto":
        return _first(by_plain, _SPREAD)
    if plain_name(wanted) not in by_plain:
        raise DataError(f"{source}: data.spread_column is {wanted!r}, but the file has {', '.join(by_plain.values())}")
    return by_plain[plain_name(wanted)]
