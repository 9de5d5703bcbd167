"""Sorts rows by time and drops rows whose time occurs again."""

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Faults, FloatArray, ReadingNote
from fxai.market.reading.rows import NAMED, row_names
from fxai.market.reading.values import BarRows
from fxai.spec.fields.data_config import CleanConfig


def in_order(rows: BarRows, rule: CleanConfig) -> tuple[BarRows, Faults]:
    """The rows in the order of time, the last row of each time, and a summary of the corrections.

    Rows that are in order, from the oldest or from the newest, are not copied.

    Raises:
        DataError: If rows of one time have different prices, unless `data.clean.repeated` is `drop`.
    """
    time = rows.time
    newest_first = bool(time[0] > time[-1])
    first, second = (time[1:], time[:-1]) if newest_first else (time[:-1], time[1:])
    reordered = int(np.count_nonzero(second < first))
    notes: tuple[ReadingNote, ...] = ()
    keep: slice | NDArray[np.int64]
    if (second > first).all():
        keep = slice(None, None, -1 if newest_first else 1)
    else:
        order = np.argsort(time, kind="stable")
        repeats = np.flatnonzero(np.diff(time[order]).astype(np.int64) == 0)  # each is equal to the next one
        notes = _notes(rows, order[repeats], order[repeats + 1], rule)
        keep = np.delete(order, repeats)
    ordered = rows.at(keep)
    low, high = ordered.prices["low"], ordered.prices["high"]
    opens, closes = ordered.prices["open"], ordered.prices["close"]
    outside = (opens < low) | (opens > high) | (closes < low) | (closes > high)
    return ordered, Faults(
        rows_read=len(time),
        duplicates_dropped=len(time) - len(ordered.time),
        rows_reordered=reordered,
        newest_first=newest_first,
        outside_range=int(outside.sum()),
        notes=notes,
    )


def _notes(
    rows: BarRows, first: NDArray[np.int64], second: NDArray[np.int64], rule: CleanConfig
) -> tuple[ReadingNote, ...]:
    """Notes on rows whose time occurs again, from pairs of positions with one time."""
    other_prices = _differing(rows.prices, first, second)
    further = rows.further | {name: np.nan_to_num(each) for name, each in rows.columns.items()} | rows.book
    other_values = _differing(further, first, second) & ~other_prices
    notes = []
    for differing, values in ((other_prices, rows.prices), (other_values, further)):
        if not differing.any():
            continue
        at = int(np.argmax(differing))
        text = _conflict(rows, first[at], second[at], values)
        if values is rows.prices and rule.repeated == "refuse":
            more = f"; so have {row_names(rows.numbers[first[differing]].tolist())}" if differing.sum() > 1 else ""
            raise DataError(
                f"{rows.source}: {text}{more}; correct or remove rows, or set data.clean.repeated to drop, which uses "
                "the last row of each time"
            )
        dropped = rows.numbers[first[differing]]
        subject = "repeated times"
        notes.append(
            ReadingNote(subject, f"{text}; the last row is used", len(dropped), tuple(dropped[:NAMED].tolist()))
        )
    return tuple(notes)


def _differing(values: dict[str, FloatArray], first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether two rows [pair] differ in one of the values."""
    differing = np.zeros(len(first), np.bool_)
    for each in values.values():
        differing |= each[first] != each[second]
    return differing


def _conflict(rows: BarRows, first: int, second: int, values: dict[str, FloatArray]) -> str:
    """`rows 5 and 9 have the time 2024-01-01 05:00 UTC and different values: close 1.1 and 1.2`."""
    name, found = next((name, each) for name, each in values.items() if each[first] != each[second])
    moment = np.datetime_as_string(rows.time[first], unit="s").replace("T", " ")
    return (
        f"rows {rows.numbers[first]} and {rows.numbers[second]} have the time {moment} UTC and different values: "
        f"{name} {float(found[first])!r} and {float(found[second])!r}"
    )
