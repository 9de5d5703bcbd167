"""Makes bars of ticks: the times at which bid and ask changed.

A bar has the mean of bid and ask as its prices, the spread of its first tick, at whose time orders are filled, and the
number of its ticks as volume.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, Faults, FloatArray, Reading, ReadingNote, TimeArray
from fxai.market.reading.columns import TickColumns, find_tick_columns
from fxai.market.reading.number_texts import with_plain_numbers
from fxai.market.reading.numbers import numbers
from fxai.market.reading.parsed_table import ParsedTable
from fxai.market.reading.resample import Groups, length_of
from fxai.market.reading.rows import NAMED, row_names
from fxai.market.reading.times.utc import read_times
from fxai.spec.fields.data_config import DataConfig


@dataclass(frozen=True, slots=True)
class _Ticks:
    """Ticks in the order of time; times may be equal."""

    time: TimeArray  # [tick], UTC
    bid: FloatArray  # [tick]
    ask: FloatArray  # [tick]
    rows: NDArray[np.int64]  # [tick], number of the row in the file
    faults: Faults


def read_ticks(parsed: ParsedTable, config: DataConfig, source: str, data_hash: str) -> Reading:
    """The bars of a table of ticks.

    Raises:
        DataError: If `data.resample` does not say their length, or a value is wrong; the message has the rows.
    """
    if config.resample is None:
        raise DataError(f"{source}: the file has ticks and no bars; say the length of bars with data.resample: 5min")
    if config.features.columns:
        raise DataError(
            f"{source}: the file has ticks, whose further columns are not read; remove data.features.columns, or make "
            "bars with these columns yourself"
        )
    columns = find_tick_columns(list(parsed.frame.columns), config, source)
    if parsed.frame.empty:
        raise DataError(f"{source}: the file has a header and no ticks")
    table = _rows_of(parsed.frame, columns, config.instrument, source)
    table, of_numbers = with_plain_numbers(table, (columns.bid, columns.ask), (), config, source)
    times = read_times(table, columns.time, config, source)
    bid, ask = (_quotes(table, column, source) for column in (columns.bid, columns.ask))
    ticks = _in_order(times.utc, bid, ask, table.index.to_numpy())
    ticks, of_quotes = _known(ticks, source)
    bars = _bars_of(ticks, length_of(config.resample), source, data_hash)
    made = ReadingNote(
        "resample",
        f"{len(table)} ticks were made into bars of {config.resample}: the mean of bid and ask, the spread of the "
        "first tick, and the number of ticks as volume",
        len(table),
    )
    notes = (*parsed.notes, *of_numbers, *times.notes, *of_quotes, made)
    faults = Faults(len(table), 0, ticks.faults.rows_reordered, ticks.faults.newest_first, 0, notes)
    return Reading(bars, faults, columns.named(), times.form, times.zone)


def _quotes(table: pd.DataFrame, column: str, source: str) -> FloatArray:
    """The bids or asks [row]; NaN for an empty cell, which MetaTrader writes for a side that did not change.

    Raises:
        DataError: If a cell is no number above zero.
    """
    found = numbers(table, column, source)
    if np.isnan(found).all():
        raise DataError(f"{source}: {column} is empty in all rows")
    if (found <= 0).any():
        rows = row_names(table.index[found <= 0].tolist())
        raise DataError(f"{source}: {column} must be above zero in {rows}; correct or remove them")
    return found


def _rows_of(table: pd.DataFrame, columns: TickColumns, wanted: str | None, source: str) -> pd.DataFrame:
    """The rows of `data.instrument`, or all rows of a table with one instrument.

    Raises:
        DataError: If the table has several instruments and none is named, or not the named one.
    """
    if columns.symbol is None:
        return table
    names = [str(each) for each in table[columns.symbol].unique()]
    if wanted is None and len(names) > 1:
        raise DataError(
            f"{source}: the file has several instruments, in the column {columns.symbol!r}: "
            f"{', '.join(names[:NAMED])}; choose one with data.instrument: {names[0]}"
        )
    if wanted is not None and wanted not in names:
        raise DataError(f"{source}: data.instrument is {wanted!r}, but the file has {', '.join(names[:NAMED])}")
    return table if wanted is None else table[(table[columns.symbol].astype(str) == wanted).to_numpy(dtype=bool)]


def _in_order(time: TimeArray, bid: FloatArray, ask: FloatArray, rows: NDArray[np.int64]) -> _Ticks:
    newest_first = bool(time[0] > time[-1])
    if newest_first:
        time, bid, ask, rows = time[::-1], bid[::-1], ask[::-1], rows[::-1]
    reordered = int((np.diff(time).astype(np.int64) < 0).sum())
    faults = Faults(rows_read=len(time), rows_reordered=reordered, newest_first=newest_first)
    if reordered:
        order = np.argsort(time, kind="stable")
        time, bid, ask, rows = time[order], bid[order], ask[order], rows[order]
    return _Ticks(time, bid, ask, rows, faults)


def _known(ticks: _Ticks, source: str) -> tuple[_Ticks, Sequence[ReadingNote]]:
    """The ticks at which bid and ask are known; a side that did not change has its last value."""
    notes = []
    bid, ask = (_filled(values) for values in (ticks.bid, ticks.ask))
    filled = np.flatnonzero(np.isnan(ticks.bid) | np.isnan(ticks.ask))
    known = np.isfinite(bid) & np.isfinite(ask)
    if not known.any():
        raise DataError(f"{source}: no tick has a bid and an ask")
    if filled.size:
        text = "an empty bid or ask was read as unchanged; ticks before the first bid and ask were dropped"
        notes.append(ReadingNote("empty quotes", text, len(filled), tuple(ticks.rows[filled[:NAMED]].tolist())))
    crossed = np.flatnonzero(known & (ask < bid))
    if crossed.size * 2 > known.sum():
        raise DataError(f"{source}: the ask is below the bid in most rows; exchange them with data.columns")
    if crossed.size:
        text = "the ask is below the bid; the spread was read as 0"
        notes.append(ReadingNote("crossed quotes", text, len(crossed), tuple(ticks.rows[crossed[:NAMED]].tolist())))
    return _Ticks(ticks.time[known], bid[known], ask[known], ticks.rows[known], ticks.faults), notes


def _filled(values: FloatArray) -> FloatArray:
    """Values [tick], NaN replaced by the last value before."""
    return np.asarray(pd.Series(values).ffill(), np.float64)


def _bars_of(ticks: _Ticks, length: np.timedelta64, source: str, data_hash: str) -> Bars:
    groups = Groups.of(ticks.time, length)
    if len(groups.time) == 1:
        raise DataError(f"{source}: all ticks lie within one bar; at least two bars are needed")
    middle = (ticks.bid + ticks.ask) / 2.0
    return Bars(
        name=source,
        content_hash=data_hash,
        time=groups.time,
        open=middle[groups.first],
        high=groups.highest(middle),
        low=groups.lowest(middle),
        close=middle[groups.last],
        volume=(groups.last - groups.first + 1).astype(np.float64),
        spread=np.maximum(ticks.ask - ticks.bid, 0.0)[groups.first],
    )
