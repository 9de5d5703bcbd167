"""Finds bars that are valid and probably wrong: closed weekends, stale prices, single prices off by a factor."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import FloatArray, ReadingNote
from fxai.market.reading.rows import NAMED, row_names
from fxai.market.reading.values import BarRows
from fxai.spec.fields.data_config import CleanConfig

_DAY, _WEEK = 86_400, 7 * 86_400  # seconds
_MONDAY = 3 * _DAY  # 1970 begins on a Thursday
_CLOSED = (4 * _DAY + 22 * 3600, 6 * _DAY + 21 * 3600)  # of a week in UTC: Friday 22:00 to Sunday 21:00
_MOST_FLAT = 0.9  # share of weekend bars without movement from which the market is closed at weekends
_STALE_BARS, _STALE_TIME = 12, np.timedelta64(1, "h")
_LEAST_FACTOR = 1.2
_RANGES = 20  # typical bar ranges that a price must be off
_SAMPLE = 10_000  # bars by which the typical range is measured
_PART = 1 << 16  # bars
_SIDE = 3  # bars before and after a bar that decide what its price should be


@dataclass(frozen=True, slots=True)
class _Finding:
    """Bars of one kind."""

    key: str  # of `data.clean`
    text: str
    bars: NDArray[np.int64]  # positions


def without_suspicious(rows: BarRows, rules: CleanConfig) -> tuple[BarRows, tuple[ReadingNote, ...]]:
    """The rows that the rules keep, and notes on all suspicious ones.

    Args:
        rows: Bars in rising order of time, with distinct times.
        rules: What becomes of each kind.

    Raises:
        DataError: If there are suspicious bars whose rule is `refuse`; the message has the rows.
    """
    keep = np.ones(len(rows.time), np.bool_)
    notes = []
    for found in _findings(rows):
        if not found.bars.size:
            continue
        rule = getattr(rules, found.key)
        numbers = rows.numbers[found.bars]
        if rule == "refuse":
            raise DataError(
                f"{rows.source}: {found.text} in {row_names(numbers.tolist())}; correct or remove the rows, or set "
                f"data.clean.{found.key} to keep or drop"
            )
        if rule == "drop":
            keep[found.bars] = False
            done = f"the row is not used, by data.clean.{found.key}"
        else:
            done = f"the row is used; data.clean.{found.key}: drop leaves it out"
        notes.append(ReadingNote(found.key, f"{found.text}; {done}", len(numbers), tuple(numbers[:NAMED].tolist())))
    if jump := _jump_note(rows):
        notes.append(jump)
    return rows if keep.all() else rows.at(keep), tuple(notes)


def _findings(rows: BarRows) -> tuple[_Finding, ...]:
    weekends = _weekends(rows)
    stale = np.setdiff1d(_stale(rows), weekends, assume_unique=True)
    return (
        _Finding("weekends", "a bar of a weekend has no movement", weekends),
        _Finding("stale", f"a bar repeats the prices before it, {_STALE_BARS} or more times in a row", stale),
        _Finding("spikes", "a price is off by a factor in a single bar", _spikes(rows)),
    )


def _weekends(rows: BarRows) -> NDArray[np.int64]:
    """Bars without movement and volume at weekends, if the market is closed then."""

    def closed(part: slice) -> NDArray[np.bool_]:
        second = (rows.time[part].astype("datetime64[s]").astype(np.int64) + _MONDAY) % _WEEK
        return (second >= _CLOSED[0]) & (second < _CLOSED[1])

    at_weekend = _positions(len(rows.time), closed)
    is_flat = rows.prices["high"][at_weekend] == rows.prices["low"][at_weekend]
    if "volume" in rows.further:
        is_flat &= rows.further["volume"][at_weekend] == 0
    moving = len(at_weekend) - int(is_flat.sum())
    if not at_weekend.size or moving > (1 - _MOST_FLAT) * len(at_weekend):
        return at_weekend[:0]
    flat: NDArray[np.int64] = at_weekend[is_flat]
    return flat


def _stale(rows: BarRows) -> NDArray[np.int64]:
    """Bars with the four prices of the bar before, in runs of some length."""

    def same(part: slice) -> NDArray[np.bool_]:
        after = slice(part.start + 1, part.stop + 1)
        equal: NDArray[np.bool_] = np.logical_and.reduce([each[after] == each[part] for each in rows.prices.values()])
        return equal

    at = _positions(len(rows.time) - 1, same) + 1
    if not at.size:
        return at
    cuts = np.flatnonzero(np.diff(at) > 1) + 1
    begins, ends = at[np.append(0, cuts)], at[np.append(cuts, len(at)) - 1] + 1  # these repeat the bar begins - 1
    is_long = (ends - begins >= _STALE_BARS) & (rows.time[ends - 1] - rows.time[begins - 1] >= _STALE_TIME)
    runs = [np.arange(begin, end) for begin, end in zip(begins[is_long], ends[is_long], strict=True)]
    return np.concatenate(runs) if runs else at[:0]


def _spikes(rows: BarRows) -> NDArray[np.int64]:
    """Bars with a price that is far, in one direction, from the closes of the bars before and after.

    The first and the last bar are not judged, since a real change of prices can look like that there.
    """
    close, factor = rows.prices["close"], _factor(rows)

    def far(part: slice) -> NDArray[np.bool_]:
        low, high = _extremes(rows, slice(part.start + 1, part.stop + 1))
        before = close[part]
        return (high > before * factor) | (low * factor < before) | (high > low * factor)

    at = _positions(len(close) - 2, far) + 1
    low, high = _extremes(rows, at)
    earlier, later = _level(close, at, -1), _level(close, at, 1)
    too_high = high > np.maximum(earlier, later) * factor
    too_low = low * factor < np.minimum(earlier, later)
    return at[too_high | too_low]


def _jump_note(rows: BarRows) -> ReadingNote | None:
    """A note on changes of the level of prices that last."""
    close, factor = rows.prices["close"], _factor(rows)

    def jumps(part: slice) -> NDArray[np.bool_]:
        before, after = close[part], close[part.start + 1 : part.stop + 1]
        return (after > before * factor) | (after * factor < before)

    at = _positions(len(close) - 1, jumps) + 1
    earlier, later = _level(close, at, -1), _level(close, at - 1, 1)
    at = at[(later > earlier * factor) | (later * factor < earlier)]
    if not at.size:
        return None
    change = close[at[0]] / close[at[0] - 1]
    text = f"the level of prices changes by a factor of {change:.4g} from one bar to the next: a split, or another unit"
    return ReadingNote("jumps", text, len(at), tuple(rows.numbers[at[:NAMED]].tolist()))


def _factor(rows: BarRows) -> float:
    """How many times another price a price must be to be off: 1.2 or more, by the typical range of a bar."""
    step = max(1, len(rows.time) // _SAMPLE)
    ranges = rows.prices["high"][::step] / rows.prices["low"][::step] - 1
    return max(_LEAST_FACTOR, 1 + _RANGES * float(np.median(ranges)))


def _level(close: FloatArray, at: NDArray[np.int64], side: int) -> FloatArray:
    """Median close of the bars before (`side` -1) or after (1) each position; the nearest ones at an end."""
    places = at[:, None] + side * np.arange(1, _SIDE + 1)
    level: FloatArray = np.median(close[np.clip(places, 0, len(close) - 1)], axis=1)
    return level


def _extremes(rows: BarRows, chosen: slice | NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """The lowest and the highest of the four prices of some bars."""
    prices = [each[chosen] for each in rows.prices.values()]
    return np.minimum.reduce(prices), np.maximum.reduce(prices)


def _positions(count: int, condition: Callable[[slice], NDArray[np.bool_]]) -> NDArray[np.int64]:
    """The positions from 0 to `count` - 1 at which a condition holds, which is computed for parts of them.

    Intermediate results of a part fit the processor's cache, and take no memory for long files.
    """
    parts = (slice(begin, min(begin + _PART, count)) for begin in range(0, count, _PART))
    found = [np.flatnonzero(condition(part)) + part.start for part in parts]
    return np.concatenate(found) if found else np.empty(0, np.int64)
