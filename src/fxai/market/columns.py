"""Which column of a file holds what, by the names that exports use."""

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
_VOLUME = ("volume", "tickvol", "tick_volume", "tickvolume", "vol", "v", "real_volume")


@dataclass(frozen=True, slots=True)
class Columns:
    """The file's own names of the columns to take."""

    time: tuple[str, ...]  # one column, or a date and a clock
    open: str
    high: str
    low: str
    close: str
    volume: str | None
    spread: str | None
    symbol: str | None

    def named(self) -> dict[str, str]:
        """Meaning to the file's name, for those that are there."""
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
    """Whether a header's cell is a name of the open price: every table of bars has one."""
    return _plain(name) in _PRICES["open"]


def find_columns(names: Sequence[str], spread_column: str | None, source: str) -> Columns:
    """Find each column; a `DataError` names what is missing and what there is."""
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
        raise DataError(f"{source}: the column {twice[0]!r} is there more than once; keep one of them")
    return columns


def _plain(name: str) -> str:
    return "_".join(name.strip().strip("\"'<>").lower().split())


def _first(by_plain: dict[str, str], synonyms: Sequence[str]) -> str | None:
    return next((by_plain[synonym] for synonym in synonyms if synonym in by_plain), None)


def _time(by_plain: dict[str, str]) -> tuple[str, ...]:
    """The least ambiguous name goes first; a date beside a clock makes one moment."""
    if (single := _first(by_plain, (*_EPOCH, *_MOMENT))) is not None:
        return (single,)
    parts = (_first(by_plain, _DATE), _first(by_plain, _TIME))
    return tuple(part for part in parts if part is not None)


def _volume(by_plain: dict[str, str]) -> str | None:
    """`Volume BTC` counts too where no plain volume is there."""
    named = _first(by_plain, _VOLUME)
    return named or next((name for plain, name in by_plain.items() if plain.startswith("volume_")), None)


def _spread(by_plain: dict[str, str], wanted: str | None, source: str) -> str | None:
    if wanted is None:
        return None
    if _plain(wanted) not in by_plain:
        raise DataError(f"{source}: data.spread_column is {wanted!r}, but the file has {', '.join(by_plain.values())}")
    return by_plain[_plain(wanted)]
