"""Reads bars from a CSV or Parquet file or a data frame.

Prices are checked strictly. Column names, row order and duplicate rows are handled automatically.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, Reading, ReadingNote, TimeArray
from fxai.market.reading.clean import check_prices, read_volume
from fxai.market.reading.columns import find_columns
from fxai.market.reading.instruments import check_one_symbol
from fxai.market.reading.numbers import numbers
from fxai.market.reading.order import in_order
from fxai.market.reading.rows import NAMED
from fxai.market.reading.source_files import file_content
from fxai.market.reading.spread import read_spread
from fxai.market.reading.table import read_table, with_row_numbers
from fxai.market.reading.times.strays import stray_bars
from fxai.market.reading.times.utc import read_times
from fxai.spec.fields.data_config import DataConfig


def read_bar_file(path: Path, config: DataConfig, name: str | None = None) -> Reading:
    """Read, check and sort the bars of a file.

    Rows may be in any order. Of rows with the same timestamp the last is used. No value is filled in or corrected.

    Args:
        path: CSV or Parquet file.
        config: Time zone, spread column and unit.
        name: Name in messages; the default is the file name.

    Raises:
        DataError: If the file cannot be read or a value is wrong; the message has the rows.
    """
    raw = file_content(path)
    source = name or path.name
    return _bars(read_table(raw, source), config, source, hashlib.sha256(raw).hexdigest())


def read_bar_frame(frame: pd.DataFrame, config: DataConfig, name: str = "data frame") -> Reading:
    """Bars of a data frame with the same columns as a file; an index of datetimes is the time. See `read_bar_file`."""
    table = with_row_numbers(frame)
    rows = pd.util.hash_pandas_object(table).to_numpy()
    return _bars(table, config, name, hashlib.sha256(rows.tobytes()).hexdigest())


def _bars(table: pd.DataFrame, config: DataConfig, source: str, content_hash: str) -> Reading:
    columns = find_columns(list(table.columns), config.spread_column, source)
    if table.empty:
        raise DataError(f"{source}: the file has a header and no bars")
    check_one_symbol(table, columns, source)
    times = read_times(table, columns.time, config, source)
    prices = {column: numbers(table, getattr(columns, column), source) for column in ("open", "high", "low", "close")}
    check_prices(prices, source)
    volume, spread = read_volume(table, columns, source), read_spread(table, columns, config, prices["open"], source)
    keep, faults = in_order(times.utc, prices)
    if len(keep) == 1:
        raise DataError(f"{source}: the file has one bar; at least two are needed")
    bars = Bars(
        name=source,
        content_hash=content_hash,
        time=times.utc[keep],
        **{column: values.to_numpy()[keep] for column, values in prices.items()},
        volume=None if volume is None else volume[keep],
        spread=None if spread is None else spread[keep],
    )
    notes = (*faults.notes, *times.notes, *_stray_note(bars.time, table.index.to_numpy()[keep]))
    return Reading(bars, replace(faults, notes=notes), columns.named(), times.form, times.zone)


def _stray_note(time: TimeArray, rows: NDArray[np.int64]) -> tuple[ReadingNote, ...]:
    """A note on bars [bar] far from all others, with their row numbers."""
    stray = np.flatnonzero(stray_bars(time))
    if not stray.size:
        return ()
    moment = np.datetime_as_string(time[stray[0]], unit="m").replace("T", " ")
    text = f"{moment} is far from the times of the other bars and probably wrong; bars per year are counted without it"
    return (ReadingNote("stray times", text, len(stray), tuple(rows[stray[:NAMED]].tolist())),)
