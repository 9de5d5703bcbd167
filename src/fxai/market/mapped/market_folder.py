"""Markets in an `array_folder`: their bars, and the quotes and features of all of them in single precision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue, TypeAdapter, ValidationError

from fxai.market.mapped.array_folder import ArrayWriter, map_arrays
from fxai.market.markets.dataset import Market
from fxai.market.markets.instruments import MarketSet
from fxai.market.rules.compiled import Array
from fxai.market.rules.quotes import QuoteTable
from fxai.spec.fields.data_config import DataConfig

_FEATURES: Final = "features"


@dataclass(frozen=True, slots=True, eq=False)
class MappedMarkets:
    """Markets whose arrays are mapped, and the joined rows of all parts: the bars of one part after those of the other.

    Several instruments are the parts and the markets. Folds are parts with the same bars, and the only market is that
    of the latest fold. The features of the markets are in single precision.
    """

    markets: MarketSet
    own_rows: slice  # of the markets, among the rows of all parts
    quotes: NDArray[np.float32]  # [bar, quote], of all parts
    features: NDArray[np.float32]  # [bar, feature], of all parts
    has_spread: bool  # of all parts
    has_nights: bool  # of any part


def write_markets(folder: Path, parts: Iterable[tuple[Market, bool]], plan: MarketSet | None = None) -> None:
    """Writes markets into a new folder.

    Args:
        folder: The folder.
        parts: The markets that are joined, each with whether it is one of the set: folds have the same bars, of which
            one copy is enough. One market is in memory at a time.
        plan: The set without its markets; None for data of one instrument without a name.

    Raises:
        OSError: The disk is full.
        DataError: A spread is not valid.
    """
    markets: list[JsonValue] = []
    has_spread = has_nights = False
    with ArrayWriter(folder) as writer:
        begin = 0
        for index, (part, is_kept) in enumerate(parts):
            table = QuoteTable.of_market(part)
            has_spread, has_nights = table.has_spread, has_nights or bool(part.nights.any())
            writer.append("quotes", table.rows.astype(np.float32))
            writer.append(_FEATURES, part.features.astype(np.float32))
            if is_kept:
                markets.append({"begin": begin, "bars": len(part), "fields": _written(part, index, writer)})
            begin += len(part)
        described = None if plan is None else _described(plan)
        writer.finish({"markets": markets, "set": described, "has_spread": has_spread, "has_nights": has_nights})


def map_markets(folder: Path, config: DataConfig) -> MappedMarkets | None:
    """Maps the markets of a folder of `write_markets`; None if it is missing or damaged.

    Args:
        folder: The folder.
        config: The configuration of the markets.
    """
    found = map_arrays(folder)
    if found is None:
        return None
    facts: Any = found.facts
    try:
        markets = tuple(_mapped(market, found.arrays) for market in facts["markets"])
        described, first, last = facts["set"], facts["markets"][0], facts["markets"][-1]
        return MappedMarkets(
            markets=MarketSet.of_one(markets[0], config) if described is None else _set_of(described, markets),
            own_rows=slice(first["begin"], last["begin"] + last["bars"]),
            quotes=found.arrays["quotes"],
            features=found.arrays[_FEATURES],
            has_spread=facts["has_spread"],
            has_nights=facts["has_nights"],
        )
    except (KeyError, TypeError, ValidationError):  # of another release
        return None


def _described(plan: MarketSet) -> dict[str, JsonValue]:
    """The fields of a set, except its markets, as JSON."""
    configs: list[JsonValue] = [config.model_dump(mode="json") for config in plan.configs]
    whole = plan.config.model_dump(mode="json")
    return {"names": list(plan.names), "content_hash": plan.content_hash, "config": whole, "configs": configs}


def _set_of(described: Any, markets: tuple[Market, ...]) -> MarketSet:
    """The set of `_described` with its markets."""
    configs = tuple(map(DataConfig.model_validate, described["configs"]))
    config = DataConfig.model_validate(described["config"])
    return MarketSet(tuple(described["names"]), markets, described["content_hash"], config, configs)


def _written(market: Market, index: int, writer: ArrayWriter) -> dict[str, JsonValue]:
    """The fields of a market as JSON; arrays are written, and stand for themselves by the name of their file."""
    written: dict[str, JsonValue] = {}
    for name in _others():
        value = getattr(market, name)
        if isinstance(value, np.ndarray):
            writer.append(f"{index}.{name}", value)
            written[name] = {"array": f"{index}.{name}"}
        else:
            written[name] = {"value": None if value is None else _adapter(name).dump_python(value, mode="json")}
    return written


def _mapped(written: Any, arrays: Mapping[str, Array]) -> Market:
    """The market of `_written`, with the mapped rows of its features."""
    begin, bars = written["begin"], written["bars"]
    values: dict[str, Any] = {_FEATURES: arrays[_FEATURES][begin : begin + bars]}
    for name in _others():
        stored = written["fields"][name]
        if "array" in stored:
            values[name] = arrays[stored["array"]]
        else:
            values[name] = None if stored["value"] is None else _adapter(name).validate_python(stored["value"])
    return Market(**values)


def _others() -> list[str]:
    """The names of the fields of a market besides its features."""
    return [field.name for field in fields(Market) if field.name != _FEATURES]


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    """The converter of a field that is no array, from and to JSON."""
    return TypeAdapter(get_type_hints(Market)[name])
