"""Finds the columns of order-book snapshots by the names of the FinRL Contest 2024 (Task 1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fxai.errors import DataError
from fxai.market.reading.columns import Columns, find_time, given_columns, names_an_open, plain_name, spread_column
from fxai.spec.fields.data_config import DataConfig

SIDES = ("bids", "asks")
_OF_LEVEL = re.compile(r"(bids|asks)_(distance|(?:(?:cancel|limit|market)_)?notional)_(\d{1,3})")
_REQUIRED = ("distance", "notional")
_TIME = "system_time"
MIDPOINT = "midpoint"
_TRADED = ("buys", "sells")
_NAMED = 5  # columns that a message lists


@dataclass(frozen=True, slots=True)
class BookColumns:
    """The file's names of the columns of order-book snapshots."""

    bars: Columns  # all prices are the midpoint
    levels: int  # of each side
    names: Mapping[str, str]  # the file's name of each column, such as `bids_distance_0` and `buys`

    @property
    def midpoint(self) -> str:
        """The file's name of the midpoint."""
        return self.bars.close

    @property
    def has_trades(self) -> bool:
        """Whether the file has the notional of buys and of sells."""
        return all(name in self.names for name in _TRADED)

    def named(self) -> dict[str, str]:
        """Names of the columns in the file, by meaning."""
        found = self.bars.named()
        shown = {"time": found["time"], "midpoint": self.midpoint, "levels": f"{self.levels} of each side"}
        if "spread" in found:
            shown["spread"] = found["spread"]
        return shown


def reads_book(names: Sequence[str], config: DataConfig) -> bool:
    """Whether a table is read as order-book snapshots: by `data.format`, or by its columns."""
    return config.format == "order_book" or names_book(names)


def names_book(names: Sequence[str]) -> bool:
    """Whether the columns are those of order-book snapshots: a midpoint, levels of bids or asks, and no open."""
    plain = {plain_name(name) for name in names}
    has_levels = any(_OF_LEVEL.fullmatch(name) for name in plain)
    return MIDPOINT in plain and has_levels and not any(map(names_an_open, names))


def names_book_numbers(name: str) -> bool:
    """Whether a column with this name has the midpoint, a level or trades of order-book snapshots."""
    plain = plain_name(name)
    return plain in (MIDPOINT, *_TRADED) or _OF_LEVEL.fullmatch(plain) is not None


def find_book_columns(names: Sequence[str], config: DataConfig, source: str) -> BookColumns:
    """Find the columns of order-book snapshots.

    Args:
        names: The file's names.
        config: `columns`, of which only those of times and of the instrument may be given, and `spread_column`.
        source: Name in messages.

    Raises:
        DataError: If a column is missing or occurs twice; the message names it.
    """
    given = given_columns(names, config.columns or {}, source)
    if wrong := [meaning for meaning in given if meaning not in ("time", "date", "symbol")]:
        raise DataError(f"{source}: an order book has no column for {', '.join(wrong)}; remove it from data.columns")
    by_plain: dict[str, str] = {}
    for name in names:
        plain = plain_name(name)
        if plain in by_plain and (names_book_numbers(name) or plain == _TIME):
            raise DataError(f"{source}: the column {name!r} occurs more than once; keep one of them")
        by_plain.setdefault(plain, name)
    found = {plain: name for plain, name in by_plain.items() if _OF_LEVEL.fullmatch(plain)}
    levels = 1 + max((int(plain.rpartition("_")[2]) for plain in found), default=0)
    has_time = bool({"time", "date"} & given.keys())
    time = find_time(given, by_plain, names) if has_time or _TIME not in by_plain else (by_plain[_TIME],)
    missing = [*([] if time else [_TIME]), *([] if MIDPOINT in by_plain else [MIDPOINT])]
    missing += [name for name in _needed(found, levels) if name not in found]
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise DataError(
            f"{source}: the order book has no column {', '.join(missing[:_NAMED])}{more}; data.format order_book needs "
            f"{_TIME}, {MIDPOINT}, and for each of the {levels} levels N bids_distance_N, bids_notional_N, "
            "asks_distance_N and asks_notional_N"
        )
    middle = by_plain[MIDPOINT]
    spread = None if config.spread_column == "auto" else spread_column(by_plain, config.spread_column, source)
    symbol = given.get("symbol") or by_plain.get("symbol")
    bars = Columns(time, middle, middle, middle, middle, volume=None, spread=spread, symbol=symbol)
    return BookColumns(bars, levels, found | {name: by_plain[name] for name in _TRADED if name in by_plain})


def _needed(found: Mapping[str, str], levels: int) -> list[str]:
    """The columns of all levels; those of an optional kind only if the file has one column of the kind."""
    kinds = dict.fromkeys((*_REQUIRED, *(name.partition("_")[2].rpartition("_")[0] for name in found)))
    return [f"{side}_{kind}_{level}" for kind in kinds for side in SIDES for level in range(levels)]
