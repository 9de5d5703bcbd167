"""Tables with the rows of several instruments."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.reading import read_bar_file, read_bar_frame
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig

NAMES = ("AAA", "BBB", "CCC")
DAYS = pd.date_range("2023-01-02", periods=100, freq="D")


def bars_of(seed: int) -> pd.DataFrame:
    known = synthetic_market(seed, bars=len(DAYS))
    prices = {name: getattr(known, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame({"date": DAYS.strftime("%Y-%m-%d"), **prices, "trades": np.arange(100) % 7})


def panel(column: str, names: tuple[Any, ...] = NAMES, *, by_time: bool = True) -> pd.DataFrame:
    whole = pd.concat([bars_of(seed).assign(**{column: name}) for seed, name in enumerate(names)])
    return whole.sort_values("date", kind="stable") if by_time else whole


def read(frame: pd.DataFrame, folder: Path, **config: Any) -> Reading:
    frame.to_csv(folder / "bars.csv", index=False)
    return read_bar_file(folder / "bars.csv", DataConfig.model_validate(config))


@pytest.mark.parametrize("column", ["Name", "code", "ts_code", "asset", "coin", "stock", "symbol", "Wertpapier"])
@pytest.mark.parametrize("by_time", [True, False])
def test_several_instruments_are_refused_by_what_their_column_does(column: str, *, by_time: bool, tmp_path: Path):
    frame = panel(column, by_time=by_time).assign(exchange="X")
    with pytest.raises(DataError, match=f"in the column '{column}': AAA, BBB, CCC; choose one with data.instrument: A"):
        read(frame, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_one_instrument_are_its_bars(name: str, tmp_path: Path):
    reading = read(panel("asset").assign(sector=lambda t: t["asset"].eq("AAA")), tmp_path, instrument=name)
    np.testing.assert_array_equal(reading.bars.close, bars_of(NAMES.index(name))["close"])
    (note,) = reading.faults.notes
    assert note.text == f"only the rows of {name} were read, by the column 'asset'; it has AAA, BBB, CCC"


def test_instruments_may_be_numbers(tmp_path: Path):
    frame = panel("permno", (10107, 14593, 600519))
    with pytest.raises(DataError, match="'permno': 10107, 14593, 600519"):
        read(frame, tmp_path)
    np.testing.assert_array_equal(read(frame, tmp_path, instrument=600519).bars.open, bars_of(2)["open"])
    assert len(read_bar_frame(frame, DataConfig(instrument="10107")).bars) == 100


def test_an_instrument_that_the_file_has_not_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"data\.instrument is 'DDD', but the column 'asset' has AAA, BBB, CCC"):
        read(panel("asset"), tmp_path, instrument="DDD")


def test_a_file_without_a_column_of_instruments_is_read_with_a_word(tmp_path: Path):
    (note,) = read(bars_of(1), tmp_path, instrument="AAA").faults.notes
    assert note.text == "the file has no column of instruments, so all rows are read as those of AAA"


def test_many_names_are_listed_in_short(tmp_path: Path):
    with pytest.raises(DataError, match="N0, N1, N2, N3, N4 and 5 more"):
        read(panel("asset", tuple(f"N{number}" for number in range(10))), tmp_path)


def test_other_columns_of_text_are_no_instruments(tmp_path: Path):
    frame = bars_of(1)
    frame["session"] = np.where(np.arange(100) % 3 == 0, "day", "night")
    frame["comment"] = [f"bar {number}" for number in range(100)]
    twice = pd.concat([frame, frame.iloc[:5]])
    reading = read(twice, tmp_path)
    assert (len(reading.bars), reading.faults.duplicates_dropped) == (100, 5)
    assert not reading.faults.notes


def test_one_symbol_is_no_obstacle(tmp_path: Path):
    frame = bars_of(1).assign(symbol="AAA")
    assert len(read(frame, tmp_path).bars) == 100
    with pytest.raises(DataError, match=r"data\.instrument is 'BBB', but the column 'symbol' has AAA"):
        read(frame, tmp_path, instrument="BBB")


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_hours_of_a_clock_change_do_not_hide_the_instruments(zone: str, tmp_path: Path):
    hours = pd.date_range("2023-11-04 12:00", periods=100, freq="h", tz="UTC").tz_convert("America/New_York")
    clock = hours.strftime("%Y-%m-%d %H:%M")
    frame = pd.concat([bars_of(seed).assign(date=clock, coin=name) for seed, name in enumerate(NAMES)])
    with pytest.raises(DataError, match="in the column 'coin'"):
        read(frame, tmp_path, timezone=zone)
    assert len(read(frame, tmp_path, timezone="America/New_York", instrument="BBB").bars) == 100
