"""Finds the columns of a file by the names that common exports use."""

from collections.abc import Sequence
from dataclasses import dataclass

from fxai.errors import DataError

_EPOCH = ("unix", "epoch", "unix_time", "unix_timestamp")
_MOMENT = ("datetime", "date_time", "timestamp", "time_utc", "gmt_time", "local_time", "open_time", "opentime")
_DATE = ("date", "dtyyyymmdd", "day")
_TIME = ("time",)
_PRICES = {
    "open": ("open", "o", "open_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "close_price"),
}
_SYMBOL = ("symbol", "ticker", "tic", "pair", "instrument")
_SPREAD = ("spread", "ask-bid", "ask_bid", "bid-ask", "bid_ask", "bid_ask_spread", "ask_bid_spread", "spread_points")
_VOLUME = ("volume", "tickvol", "tick_volume", "tickvolume", "vol", "v", "real_volume")


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

    def named(self) -> dict[str, str]:
        """Names of the columns in the file, by meaning, without missing columns."""
        found = {
            "time": " + ".join(self.time),
            "open": self.open,
            "high": self.high,
            "low": self.low,
            "close": self.close,
            "volume": self.volume,
            "spread": self.spread,
        }
        return {meaning: name for meaning, name in found.items() if name is not None}


def names_an_open(name: str) -> bool:
    """Whether the cell of a header is a name of the open price, which every table of bars has."""
    return _plain(name) in _PRICES["open"]


def find_columns(names: Sequence[str], spread_column: str | None, source: str) -> Columns:
    """Find each column.

    Raises:
        DataError: If a column is missing or occurs twice; the message lists the file's columns.
    """
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(_plain(name), name)
    time = _time(by_plain)
    prices = {wanted: _first(by_plain, synonyms) for wanted, synonyms in _PRICES.items()}
    missing = [*([] if time else ["time"]), *(wanted for wanted, name in prices.items() if name is None)]
    if missing:
        raise DataError(f"{source}: no column for {', '.join(missing)}; the file has {', '.join(names)}")
    found = {wanted: name for wanted, name in prices.items() if name is not None}
    columns = Columns(
        time=time,
        **found,
        volume=_volume(by_plain),
        spread=_spread(by_plain, spread_column, source),
        symbol=_first(by_plain, _SYMBOL),
    )
    twice = [name for name in columns.named().values() if list(names).count(name) > 1]
    if twice:
        raise DataError(f"{source}: the column {twice[0]!r} occurs more than once; keep one of them")
    return columns


def _plain(name: str) -> str:
    return "_".join(name.strip().strip("\"'<>").lower().split())


def _first(by_plain: dict[str, str], synonyms: Sequence[str]) -> str | None:
    return next((by_plain[synonym] for synonym in synonyms if synonym in by_plain), None)


def _time(by_plain: dict[str, str]) -> tuple[str, ...]:
    """The columns of the time: the least ambiguous name first; a date and a time of day are combined."""
    if (single := _first(by_plain, (*_EPOCH, *_MOMENT))) is not None:
        return (single,)
    parts = (_first(by_plain, _DATE), _first(by_plain, _TIME))
    return tuple(part for part in parts if part is not None)


def _volume(by_plain: dict[str, str]) -> str | None:
    """The column of the volume; `Volume BTC` counts if there is no plain volume."""
    named = _first(by_plain, _VOLUME)
    return named or next((name for plain, name in by_plain.items() if plain.startswith("volume_")), None)


def _spread(by_plain: dict[str, str], wanted: str | None, source: str) -> str | None:
    if wanted is None:
        return None
    if wanted == "auto":
        return _first(by_plain, _SPREAD)
    if _plain(wanted) not in by_plain:
        raise DataError(f"{source}: data.spread_column is {wanted!r}, but the file has {', '.join(by_plain.values())}")
    return by_plain[_plain(wanted)]
