"""Finds the unit of a column of spreads, by the digits of the prices."""

from collections.abc import Sequence

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import FloatArray, ReadingNote
from fxai.market.reading.columns import Columns
from fxai.spec.fields.data_config import DataConfig

_MOST_DIGITS = 8
_SAMPLE = 10_000  # rows by which the digits of prices and the typical spread are found
_SHARE = 0.99  # of these, as a few may have more digits
_SINGLE, _DOUBLE = 1e-7, 1e-14  # share of a price by which float32 and float64 may round it
_MOST_ROUNDED = 0.1  # units of the last digit; with more, all numbers would have it
_WIDEST = 0.05  # median share of the price of any spread
_WIDEST_FOUND = 0.005  # of a spread whose unit is not given
_WIDEST_WHOLE = 0.0005  # of a spread in whole units of price, though prices have digits
_SAME_EITHER_WAY = 0.0002  # share below which whole numbers may be points or units of price
_METATRADER = ("tickvol", "tick_volume", "real_volume")  # columns of MetaTrader, which counts points


def spread_in_price(
    spread: FloatArray, opens: FloatArray, columns: Columns, config: DataConfig, *, source: str, names: Sequence[str]
) -> tuple[FloatArray | None, tuple[ReadingNote, ...]]:
    """Full bid-ask spread [row] in units of price, and a note on its unit; None if the column says nothing.

    Args:
        spread: The column's numbers [row], at least 0.
        opens: Open of each row.
        columns: The file's names of the columns.
        config: `spread_column`, and `spread_unit` or `auto`.
        source: Name in messages.
        names: The file's names of all columns.

    Raises:
        DataError: If the unit is not beyond doubt, or implausible; the message has the key to set.
    """
    given = spread[spread > 0]
    if not given.size:
        if config.spread_column != "auto":
            return spread, ()
        return None, (ReadingNote("spread", f"{columns.spread} is 0 in all rows and is not used", len(spread)),)
    step = max(1, given.size // _SAMPLE)
    share = given[::step] / opens[spread > 0][::step]
    typical = float(np.median(share))  # if the unit is that of the price
    is_whole = bool((given == np.rint(given)).all())
    digits = _digits(opens)
    if config.spread_unit != "auto":
        _check_given_unit(config.spread_unit, typical, digits if is_whole else 0, columns, source)
        return spread * config.spread_unit, ()
    is_metatrader = any(each.strip("<>").lower() in _METATRADER for each in names)
    unit = _unit(typical, digits, columns, source, is_whole=is_whole, is_metatrader=is_metatrader)
    if not 0 < typical * unit <= _WIDEST_FOUND:
        raise _doubt(columns, source, f"in units of {unit:g} it is {typical * unit:.2%} of the price")
    how = "in units of price" if unit == 1 else f"in points of {unit:g}, by the digits of the prices"
    middle = float(np.median(given[::step])) * unit
    text = f"the spread is read from {columns.spread}, {how}; it is typically {middle:.4g}"
    return spread * unit, (ReadingNote("spread", text, len(spread)),)


def _unit(
    typical: float, digits: int | None, columns: Columns, source: str, *, is_whole: bool, is_metatrader: bool
) -> float:
    """The price of one unit: a point, which is the last digit of prices, for whole numbers; else 1."""
    if not is_whole or digits == 0:
        return 1.0
    if digits is None:
        raise _doubt(columns, source, "it has whole numbers, and the prices have no fixed number of digits")
    if typical <= _SAME_EITHER_WAY and not is_metatrader:
        raise _doubt(columns, source, f"its whole numbers may be points of {10.0**-digits:g} or units of price")
    return float(10.0**-digits)


def _doubt(columns: Columns, source: str, why: str) -> DataError:
    return DataError(
        f"{source}: the unit of {columns.spread} is not known: {why}; set data.spread_unit to the price of one unit "
        "(1 if it is that of the price, 0.00001 for a point of EURUSD), or data.spread_column to null, which uses "
        "env.spread"
    )


def _check_given_unit(unit: float, typical: float, digits: int | None, columns: Columns, source: str) -> None:
    """Check `data.spread_unit`; `digits` are those of prices if all spreads are whole numbers, otherwise 0."""
    share = typical * unit
    in_points = digits is not None and digits > 0 and unit >= 1 and share > _WIDEST_WHOLE
    if share > _WIDEST or in_points:
        point = f"a point of these prices: {10.0**-digits:g}" if in_points and digits else "a point of EURUSD: 0.00001"
        raise DataError(
            f"{source}: {columns.spread} times data.spread_unit {unit:g} is {share:.2g} of the price; set "
            f"data.spread_unit to the price of one unit ({point})"
        )


def _digits(prices: FloatArray) -> int | None:
    """Number of decimal digits of prices; None if they have no fixed number."""
    sample = prices[:: max(1, len(prices) // _SAMPLE)]
    is_single = bool((sample == sample.astype(np.float32)).all())
    for digits in range(_MOST_DIGITS + 1):
        scaled = sample * 10.0**digits
        rounded_by = scaled * (_SINGLE if is_single else _DOUBLE)
        if float(rounded_by.max()) > _MOST_ROUNDED:
            return None
        if (np.abs(scaled - np.rint(scaled)) <= rounded_by).mean() >= _SHARE:
            return digits
    return None
