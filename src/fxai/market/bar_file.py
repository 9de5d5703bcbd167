"""Reads bars from a CSV or Parquet file or a data frame.

Prices are checked strictly. Column names, row order and duplicate rows are handled automatically.
"""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import Bars, Faults, FloatArray, Reading, TimeArray
from fxai.market.columns import Columns, find_columns
from fxai.market.table_file import read_table, with_row_numbers
from fxai.market.timestamps import to_utc
from fxai.spec.fields.data_config import DataConfig

_ROWS_NAMED = 5  # rows that a message lists
_WIDEST_SPREAD = 0.05  # share of the price, median; a larger spread indicates points instead of prices


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
    raw = _bytes(path)
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
    _check_symbol(table, columns, source)
    time = _time(table, columns, config.timezone, source)
    prices = {column: _numbers(table, getattr(columns, column), source) for column in ("open", "high", "low", "close")}
    _check_prices(prices, source)
    volume, spread = _volume(table, columns, source), _spread(table, columns, config, prices["open"], source)
    keep, faults = _order(time, prices)
    if len(keep) == 1:
        raise DataError(f"{source}: the file has one bar; at least two are needed")
    bars = Bars(
        name=source,
        content_hash=content_hash,
        time=time[keep],
        **{column: values.to_numpy()[keep] for column, values in prices.items()},
        volume=None if volume is None else volume[keep],
        spread=None if spread is None else spread[keep],
    )
    return Reading(bars, faults, columns.named())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name one CSV or Parquet file") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def _check_symbol(table: pd.DataFrame, columns: Columns, source: str) -> None:
    """Check for one symbol, because rows of two symbols with one timestamp would count as duplicates."""
    if columns.symbol is None:
        return
    symbols = [str(symbol) for symbol in table[columns.symbol].unique()]
    if len(symbols) > 1:
        raise DataError(f"{source}: the file has several symbols ({', '.join(symbols[:5])}); use one file per symbol")


def _time(table: pd.DataFrame, columns: Columns, zone: str, source: str) -> TimeArray:
    stamps = table[columns.time[0]]
    for clock in columns.time[1:]:
        stamps = stamps.astype(str) + " " + table[clock].astype(str)
    named_utc = any(word in columns.time[0].lower() for word in ("gmt", "utc"))
    return to_utc(stamps, "UTC" if named_utc else zone, source)


def _numbers(table: pd.DataFrame, column: str, source: str) -> pd.Series:
    """A column as float64, indexed by row number.

    Raises:
        DataError: For an empty cell or a cell that is not a finite number.
    """
    cells = table[column]
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    wrong = ~numbers.between(-np.inf, np.inf, inclusive="neither")
    if wrong.any():
        cell = cells[wrong].iloc[0]
        text = "empty" if pd.isna(cell) else f"{cell!r}, not a finite number"
        comma = "; write decimal points" if isinstance(cell, str) and "," in cell else ""
        raise DataError(f"{source}: {column} is {text} in {_rows(wrong)}{comma}")
    return numbers


def _check_prices(prices: dict[str, pd.Series], source: str) -> None:
    for column, values in prices.items():
        if (values <= 0).any():
            raise DataError(f"{source}: {column} must be above zero in {_rows(values <= 0)}; correct or remove them")
    inverted = prices["high"] < prices["low"]
    if inverted.any():
        raise DataError(f"{source}: high is below low in {_rows(inverted)}; correct or remove them")


def _rows(wrong: pd.Series) -> str:
    rows = [str(row) for row in wrong.index[wrong.to_numpy()]]
    named = ", ".join(rows[:_ROWS_NAMED])
    more = f" and {len(rows) - _ROWS_NAMED} more" if len(rows) > _ROWS_NAMED else ""
    return f"row {named}" if len(rows) == 1 else f"rows {named}{more}"


def _volume(table: pd.DataFrame, columns: Columns, source: str) -> FloatArray | None:
    """Volume of each row; None if the file has none or only zeros (MetaTrader's VOL of a currency)."""
    if columns.volume is None:
        return None
    volume = _numbers(table, columns.volume, source)
    if (volume < 0).any():
        raise DataError(f"{source}: {columns.volume} is negative in {_rows(volume < 0)}")
    return volume.to_numpy() if volume.any() else None


def _spread(
    table: pd.DataFrame, columns: Columns, config: DataConfig, opens: pd.Series, source: str
) -> FloatArray | None:
    if columns.spread is None:
        return None
    spread = _numbers(table, columns.spread, source) * config.spread_unit
    if (spread < 0).any():
        raise DataError(f"{source}: {columns.spread} is negative in {_rows(spread < 0)}")
    if (share := float((spread / opens).median())) > _WIDEST_SPREAD:
        raise DataError(
            f"{source}: {columns.spread} times data.spread_unit {config.spread_unit:g} is {share:.0%} of the price; "
            "set data.spread_unit to the price of one unit (a point of EURUSD: 0.00001)"
        )
    return spread.to_numpy()


def _order(time: TimeArray, prices: dict[str, pd.Series]) -> tuple[np.ndarray, Faults]:
    """Row positions in the order of time, the last row of each time, and a summary of the corrections."""
    newest_first = bool(time[0] > time[-1])
    steps = np.diff(time).astype(np.int64) * (-1 if newest_first else 1)
    order = np.argsort(time, kind="stable")
    last_of_time = np.append(np.diff(time[order]).astype(np.int64) != 0, True)
    keep = order[last_of_time]
    low, high = prices["low"], prices["high"]
    outside = [~prices[column].between(low, high) for column in ("open", "close")]
    return keep, Faults(
        rows_read=len(time),
        duplicates_dropped=len(time) - len(keep),
        rows_reordered=int((steps < 0).sum()),
        newest_first=newest_first,
        outside_range=int((outside[0] | outside[1]).to_numpy()[keep].sum()),
    )
