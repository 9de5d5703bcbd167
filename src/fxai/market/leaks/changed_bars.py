"""Copies of bars that are cut, or whose later bars have other values."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from fxai.market.bars import Bars, FloatArray

_NOISE = 5.0  # standard deviations of a bar's return, by which a changed price differs
_LEAST_NOISE = 1e-3  # of the log price, for prices that hardly move
_SHIFT = 1.1  # factor on changed prices, so that their mean changes too
_PRICES = ("open", "high", "low", "close")
_KEPT = ("time", *_PRICES)


def cut(bars: Bars, start: int, stop: int) -> Bars:
    """Bars start..stop-1. Arrays are copied, so that a function that changes them changes no other call's bars."""
    return replace(bars, **{name: _each(value, lambda a: a[start:stop].copy()) for name, value in _arrays(bars)})


def with_other_values(bars: Bars, start: int, stop: int, seed: int) -> Bars:
    """Bars in which bars start..stop-1 have other finite values; times stay.

    Prices are multiplied by 1.1 and by noise, and remain in order (low <= open, close <= high). Volumes, spreads and
    further columns are drawn from all values of their column.
    """
    rng = np.random.default_rng(seed)
    rows = slice(start, stop)
    copied = cut(bars, 0, len(bars))
    prices = _other_prices(bars, rows, rng)
    changed: dict[str, Any] = {name: _joined(getattr(copied, name), rows, prices[name]) for name in _PRICES}

    def drawn(values: FloatArray) -> FloatArray:
        known = values[np.isfinite(values)]
        return _joined(values, rows, rng.choice(known, len(values[rows]))) if len(known) else values

    further = {name: _each(value, drawn) for name, value in _arrays(copied) if name not in _KEPT}
    return replace(copied, **changed, **further)


def _other_prices(bars: Bars, rows: slice, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Other prices of the rows, by name."""
    deviation = float(np.std(np.diff(np.log(bars.close)))) if len(bars) > 1 else 0.0
    scale = max(_NOISE * deviation, _LEAST_NOISE)
    count = len(bars.close[rows])
    noise = np.exp(rng.normal(scale=scale, size=(2, count))) * _SHIFT
    wicks = np.exp(np.abs(rng.normal(scale=scale, size=(2, count))))
    opening, close = bars.open[rows] * noise[0], bars.close[rows] * noise[1]
    return {
        "open": opening,
        "close": close,
        "high": np.maximum(opening, close) * wicks[0],
        "low": np.minimum(opening, close) / wicks[1],
    }


def _joined(values: FloatArray, rows: slice, other: FloatArray) -> FloatArray:
    """A copy of values with other values in some rows."""
    joined = values.copy()
    joined[rows] = other
    return joined


def _arrays(bars: Bars) -> list[tuple[str, Any]]:
    """Fields of bars that are arrays [bar], or mappings of such arrays."""
    values = [(field.name, getattr(bars, field.name)) for field in fields(bars)]
    return [(name, value) for name, value in values if isinstance(value, np.ndarray | Mapping)]


def _each(value: Any, change: Any) -> Any:
    """The change of an array, or of each array of a mapping."""
    return {name: change(each) for name, each in value.items()} if isinstance(value, Mapping) else change(value)
