"""Rows that are invalid or probably wrong, and their rules."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading, ReadingNote
from fxai.market.reading.read_bars import read_bars
from fxai.market.reading.reading import read_bar_file
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig

COUNT = 400
KNOWN = synthetic_market(seed=1, bars=COUNT)
PRICES = ["open", "high", "low", "close"]
RULES = ("keep", "refuse", "drop")


def table() -> pd.DataFrame:
    hours = pd.date_range("2023-01-02", periods=COUNT, freq="h")  # a Monday
    prices = {name: getattr(KNOWN, name) for name in PRICES}
    return pd.DataFrame({"time": hours, **prices, "volume": np.arange(1.0, COUNT + 1)})


def read(frame: pd.DataFrame, folder: Path, **clean: Any) -> Reading:
    frame.to_csv(folder / "bars.csv", index=False)
    return read_bar_file(folder / "bars.csv", DataConfig.model_validate({"clean": clean}))


def with_weekends() -> pd.DataFrame:
    frame = table()
    closed = (frame["time"].dt.day_of_week >= 5) & ~(
        (frame["time"].dt.day_of_week == 6) & (frame["time"].dt.hour >= 21)
    )
    frame.loc[closed, PRICES] = np.nan
    frame["close"] = frame["close"].ffill()
    frame[PRICES] = frame[PRICES].apply(lambda column: column.fillna(frame["close"]))
    frame.loc[closed, "volume"] = 0
    return frame


def with_stale() -> pd.DataFrame:
    frame = table()
    frame.loc[51:62, PRICES] = frame.loc[50, PRICES].to_numpy()
    return frame


def with_spike() -> pd.DataFrame:
    frame = table()
    frame["high"] = frame["high"].where(frame.index != 70, frame["high"] * 100)
    return frame


KINDS = {"weekends": (with_weekends, 45 * 2), "stale": (with_stale, 12), "spikes": (with_spike, 1)}


@pytest.mark.parametrize("kind", KINDS)
def test_suspicious_bars_are_kept_refused_or_dropped_by_their_rule(kind: str, tmp_path: Path):
    make, count = KINDS[kind]
    kept, dropped = (read(make(), tmp_path, **{kind: rule}) for rule in ("keep", "drop"))
    assert (len(kept.bars), len(dropped.bars)) == (COUNT, COUNT - count)
    for reading, done in ((kept, "the row is used"), (dropped, "the row is not used")):
        (note,) = [each for each in reading.faults.notes if each.subject == kind]
        assert note.rows == count
        assert done in note.text
    with pytest.raises(DataError, match=rf"in rows? \d+.*or set data\.clean\.{kind} to keep or drop"):
        read(make(), tmp_path, **{kind: "refuse"})
    good = np.isin(kept.bars.time, dropped.bars.time)
    np.testing.assert_array_equal(kept.bars.close[good], dropped.bars.close)


def test_the_row_numbers_are_those_of_the_file(tmp_path: Path):
    frame = with_spike().iloc[::-1]
    (note,) = read(frame, tmp_path).faults.notes
    assert note.first_rows == (COUNT - 70 + 1,)


def test_good_bars_cause_no_note(tmp_path: Path):
    assert not read(table(), tmp_path, weekends="refuse", stale="refuse", spikes="refuse").faults.notes
    assert not read_bars(DataConfig()).faults.notes


def test_a_market_that_is_open_at_weekends_has_no_closed_ones(tmp_path: Path):
    frame = table()
    frame.loc[130:133, PRICES] = 1.0  # four quiet hours of a Saturday
    assert not [note for note in read(frame, tmp_path).faults.notes if note.subject == "weekends"]


@pytest.mark.parametrize("factor", [0.5, 2, 100])
def test_a_level_that_changes_and_stays_is_said_and_no_spike(factor: float, tmp_path: Path):
    frame = table()
    frame.loc[200:, PRICES] *= factor
    reading = read(frame, tmp_path, spikes="drop")
    (note,) = reading.faults.notes
    assert (len(reading.bars), note.subject, note.first_rows) == (COUNT, "jumps", (202,))


@pytest.mark.parametrize("column", PRICES)
@pytest.mark.parametrize("factor", [0.01, 0.1, 10])
def test_a_price_off_by_a_factor_is_a_spike_in_each_column(column: str, factor: float, tmp_path: Path):
    frame = table()
    frame[column] = frame[column].where(frame.index != 99, frame[column] * factor)
    if (frame["high"] < frame["low"]).any():
        with pytest.raises(DataError, match="high is below low in row 101"):
            read(frame, tmp_path)
        return
    assert note_of(read(frame, tmp_path), "spikes").first_rows == (101,)


INVALID: dict[str, tuple[str, Any, str]] = {
    "empty": ("close", None, "close is empty"),
    "zero": ("low", 0, "low must be above zero"),
    "negative": ("open", -1.1, "open must be above zero"),
    "inverted": ("high", 0.1, "high is below low"),
    "no volume": ("volume", -1, "volume is negative"),
    "empty volume": ("volume", None, "volume is empty"),
}


@pytest.mark.parametrize("case", INVALID)
def test_invalid_rows_are_refused_or_dropped_by_rule(case: str, tmp_path: Path):
    column, value, text = INVALID[case]
    frame = table()
    frame.loc[5, column] = value
    with pytest.raises(DataError, match=rf"{text} in row 7; .*set data\.clean\.invalid to drop"):
        read(frame, tmp_path)
    reading = read(frame, tmp_path, invalid="drop")
    assert (len(reading.bars), reading.faults.rows_read) == (COUNT - 1, COUNT)
    assert note_of(reading, "invalid rows").first_rows == (7,)


@pytest.mark.parametrize("value", [-1, None])
def test_a_volume_that_is_missing_everywhere_is_no_volume(value: int | None, tmp_path: Path):
    reading = read(table().assign(volume=value), tmp_path)
    assert reading.bars.volume is None
    assert note_of(reading, "volume").text == "volume is empty or negative in all rows and is not used"


def test_a_file_without_valid_rows_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="no row is valid; low must be above zero in rows 2, 3"):
        read(table().assign(low=0), tmp_path, invalid="drop")


def note_of(reading: Reading, subject: str) -> ReadingNote:
    (note,) = [each for each in reading.faults.notes if each.subject == subject]
    return note
