"""The unit of a column of spreads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.reading import read_bar_file
from fxai.spec.fields.data_config import DataConfig

HOURS = pd.date_range("2023-01-02", periods=60, freq="h").strftime("%Y-%m-%d %H:%M")


def bars(price: float, digits: int, spread: Sequence[float], column: str = "<SPREAD>") -> pd.DataFrame:
    """Bars of a market at a price with some digits, and a column of spreads."""
    close = np.round(price * (1 + 0.001 * np.sin(np.arange(60))), digits)
    prices = {"open": close, "high": close * 1.0, "low": close * 1.0, "close": close}
    return pd.DataFrame({"time": HOURS, **prices, column: np.resize(spread, 60)})


def read(frame: pd.DataFrame, folder: Path, **config: Any) -> Reading:
    frame.to_csv(folder / "bars.csv", index=False)
    return read_bar_file(folder / "bars.csv", DataConfig.model_validate({"source": "bars.csv", **config}))


POINTS = {
    "EURUSD": (1.1, 5, [12, 8, 0], 1e-5),
    "EURCHF, near 1": (1.0, 5, [12, 8], 1e-5),
    "EURUSD, 4 digits": (1.1, 4, [2, 3], 1e-4),
    "USDJPY": (150.0, 3, [11, 9], 1e-3),
    "gold": (2000.0, 2, [20, 25], 0.01),
    "DAX": (18000.0, 1, [65, 52], 0.1),
}


@pytest.mark.parametrize("market", POINTS)
def test_whole_numbers_are_points_of_the_prices(market: str, tmp_path: Path):
    price, digits, spread, point = POINTS[market]
    reading = read(bars(price, digits, spread), tmp_path)
    np.testing.assert_array_equal(reading.bars.spread, np.resize(spread, 60) * point)
    (note,) = reading.faults.notes
    assert f"read from <SPREAD>, in points of {point:g}, by the digits of the prices" in note.text
    assert reading.columns["spread"] == "<SPREAD>"


def test_the_digits_of_single_precision_are_found(tmp_path: Path):
    frame = bars(1.1, 5, [12]).astype(dict.fromkeys(("open", "high", "low", "close"), np.float32))
    frame.to_parquet(tmp_path / "bars.parquet")
    spread = read_bar_file(tmp_path / "bars.parquet", DataConfig(source="bars.parquet")).bars.spread
    np.testing.assert_array_equal(spread, np.full(60, 12 * 1e-5))


@pytest.mark.parametrize("column", ["spread", "Spread", "<SPREAD>", "ask-bid", "bid_ask_spread"])
def test_fractions_are_in_units_of_price(column: str, tmp_path: Path):
    reading = read(bars(1.1, 5, [0.00012, 0.00008], column), tmp_path)
    np.testing.assert_array_equal(reading.bars.spread, np.resize([0.00012, 0.00008], 60))
    assert "in units of price; it is typically 0.0001" in reading.faults.notes[0].text


def test_metatrader_counts_points_where_other_files_are_in_doubt(tmp_path: Path):
    frame = bars(18000.0, 1, [2], "spread")
    with pytest.raises(DataError, match=r"may be points of 0\.1 or units of price"):
        read(frame, tmp_path)
    spread = read(frame.assign(tick_volume=5), tmp_path).bars.spread
    np.testing.assert_array_equal(spread, np.full(60, 2 * 0.1))


def test_null_and_files_without_the_column_have_no_spread(tmp_path: Path):
    frame = bars(1.1, 5, [12])
    assert read(frame, tmp_path, spread_column=None).bars.spread is None
    reading = read(frame.drop(columns="<SPREAD>"), tmp_path)
    assert reading.bars.spread is None
    assert not reading.faults.notes


def test_a_column_of_zeros_says_nothing(tmp_path: Path):
    reading = read(bars(1.1, 5, [0]), tmp_path)
    assert reading.bars.spread is None
    assert reading.faults.notes[0].text == "<SPREAD> is 0 in all rows and is not used"
    named = read(bars(1.1, 5, [0]), tmp_path, spread_column="spread").bars.spread
    np.testing.assert_array_equal(named, np.zeros(60))


DOUBTFUL = {
    "pips": (bars(1.1, 5, [1.2, 0.8], "spread"), r"in units of 1 it is 90\.\d+% of the price"),
    "points or dollars": (bars(60000.0, 2, [10, 9], "spread"), "may be points of 0.01 or units of price"),
    "no digits": (bars(1.1, 15, [12], "spread"), "the prices have no fixed number of digits"),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_unit_that_is_not_beyond_doubt_is_refused(case: str, tmp_path: Path):
    frame, message = DOUBTFUL[case]
    with pytest.raises(DataError, match=rf"the unit of spread is not known: .*{message}.*set data\.spread_unit"):
        read(frame, tmp_path)
    assert read(frame, tmp_path, spread_unit=1e-4).bars.spread is not None


def test_gold_read_as_20_dollars_is_refused(tmp_path: Path):
    frame = bars(2000.0, 2, [20, 25])
    with pytest.raises(DataError, match=r"times data.spread_unit 1 is 0\.01\d* of the price; .*these prices: 0\.01\)"):
        read(frame, tmp_path, spread_unit=1)
    spread = read(frame, tmp_path, spread_unit=0.01).bars.spread
    np.testing.assert_array_equal(spread, np.resize([20, 25], 60) * 0.01)


def test_spreads_that_are_no_spreads_are_refused_with_the_way_out(tmp_path: Path):
    frame = bars(1.1, 5, [12.0])
    frame.loc[3, "<SPREAD>"] = np.nan
    with pytest.raises(DataError, match=r"<SPREAD> is empty in row 5; .*data\.spread_column to null"):
        read(frame, tmp_path)
    assert len(read(frame, tmp_path, clean={"invalid": "drop"}).bars) == 59
    nothing = bars(1.1, 5, [-1])
    assert read(nothing, tmp_path).bars.spread is None
    with pytest.raises(DataError, match="<SPREAD> is negative in rows 2, 3"):
        read(nothing, tmp_path, spread_column="<SPREAD>")
