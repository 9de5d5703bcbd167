"""Ticks and short bars are made into the bars that pandas makes of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.reading import read_bar_file
from fxai.spec.fields.data_config import DataConfig

TICKS = 500


def quotes() -> pd.DataFrame:
    """Bid and ask by time in UTC, some at the same millisecond, with an hour without ticks."""
    rng = np.random.default_rng(3)
    steps = rng.integers(0, 9000, TICKS)
    steps[200] = 3_600_000
    time = pd.Timestamp("2023-01-02 10:00") + pd.to_timedelta(np.cumsum(steps), unit="ms")
    bid = (1.05 + np.cumsum(rng.normal(0, 2e-5, TICKS))).round(5)
    return pd.DataFrame({"bid": bid, "ask": (bid + rng.integers(0, 9, TICKS) * 1e-5).round(5)}, index=time)


QUOTES = quotes()


def stamps(form: str, digits: int = 6) -> list[str]:
    return [text[: len(text) - (6 - digits)] for text in pd.DatetimeIndex(QUOTES.index).strftime(form)]


def csv(columns: dict[str, Any], separator: str = ",", *, header: bool = True) -> bytes:
    return pd.DataFrame(columns).to_csv(index=False, sep=separator, header=header).encode()


def metatrader() -> bytes:
    """An empty cell is a side that has not changed."""
    sides = {f"<{side.upper()}>": QUOTES[side].where(QUOTES[side].diff() != 0).to_numpy() for side in ("bid", "ask")}
    times = {"<DATE>": stamps("%Y.%m.%d%f", 0), "<TIME>": stamps("%H:%M:%S.%f", 3)}
    return csv({**times, **sides, "<LAST>": None, "<VOLUME>": None, "<FLAGS>": 6}, "\t")


BID, ASK = QUOTES["bid"].to_numpy(), QUOTES["ask"].to_numpy()
EXPORTS: dict[str, Callable[[], bytes]] = {
    "MetaTrader 5": metatrader,
    "Dukascopy": lambda: csv(
        {"Gmt time": stamps("%d.%m.%Y %H:%M:%S.%f", 3), "Ask": ASK, "Bid": BID, "AskVolume": 1.5, "BidVolume": 0.75}
    ),
    "HistData": lambda: csv({"time": stamps("%Y%m%d %H%M%S%f", 3), "bid": BID, "ask": ASK, "volume": 0}, header=False),
    "TrueFX": lambda: csv(
        {"pair": "EUR/USD", "time": stamps("%Y%m%d %H:%M:%S.%f", 3), "bid": BID, "ask": ASK}, header=False
    ),
}


def read(raw: bytes, folder: Path, **config: Any) -> Reading:
    path = folder / "ticks.csv"
    path.write_bytes(raw)
    return read_bar_file(path, DataConfig.model_validate({"source": str(path), **config}))


def assert_bars_of_ticks(reading: Reading, length: str) -> None:
    middle, spread = QUOTES.mean(axis=1), QUOTES["ask"] - QUOTES["bid"]
    expected = middle.resample(length).ohlc().dropna()
    bars = reading.bars
    np.testing.assert_array_equal(bars.time, expected.index.to_numpy())
    for column in ("open", "high", "low", "close"):
        np.testing.assert_allclose(getattr(bars, column), expected[column], rtol=1e-12)
    assert bars.spread is not None
    np.testing.assert_allclose(bars.spread, spread.resample(length).first().dropna(), atol=1e-12)
    np.testing.assert_array_equal(bars.volume, middle.resample(length).count()[expected.index])


@pytest.mark.parametrize("export", EXPORTS)
def test_ticks_of_an_export_are_made_into_bars(export: str, tmp_path: Path):
    reading = read(EXPORTS[export](), tmp_path, resample="5min")
    assert_bars_of_ticks(reading, "5min")
    assert reading.faults.rows_read == TICKS
    assert reading.faults.notes[-1].text.startswith("500 ticks were made into bars of 5min")


def test_the_latest_tick_may_be_first(tmp_path: Path):
    rows = EXPORTS["TrueFX"]().splitlines(keepends=True)
    reading = read(b"".join(reversed(rows)), tmp_path, resample="1min")
    assert_bars_of_ticks(reading, "1min")
    assert reading.faults.newest_first


def test_ticks_without_a_length_of_bars_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"has ticks and no bars; say the length of bars with data\.resample: 5min"):
        read(EXPORTS["Dukascopy"](), tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bid": ASK + 1e-4, "ask": BID}, "the ask is below the bid in most rows"),
        ({"bid": np.where(np.arange(TICKS) == 7, 0.0, BID)}, "bid must be above zero in row 9"),
        ({"ask": [*ASK[:-1], "x"]}, "ask is 'x', not a finite number in row 501"),
        ({"ask": np.nan}, "ask is empty in all rows"),
    ],
)
def test_wrong_quotes_are_refused_by_row(changed: dict[str, Any], message: str, tmp_path: Path):
    columns = {"time": stamps("%Y-%m-%d %H:%M:%S.%f", 3), "bid": BID, "ask": ASK} | changed
    with pytest.raises(DataError, match=message):
        read(csv(columns), tmp_path, resample="5min")


def test_a_few_crossed_quotes_are_noted(tmp_path: Path):
    ask = np.where(np.arange(TICKS) == 3, BID - 1e-5, ASK)
    raw = csv({"time": stamps("%Y-%m-%d %H:%M:%S.%f", 3), "bid": BID, "ask": ask})
    reading = read(raw, tmp_path, resample="5min")
    note = next(note for note in reading.faults.notes if note.subject == "crossed quotes")
    assert (note.rows, note.first_rows) == (1, (5,))
    assert reading.bars.spread is not None
    assert (reading.bars.spread >= 0).all()


def minutes(count: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    close = (1.1 + np.cumsum(rng.normal(0, 1e-4, count))).round(5)
    frame = pd.DataFrame({"open": close, "high": close + 1e-4, "low": close - 1e-4, "close": close, "volume": 2.0})
    frame.index = pd.date_range("2023-01-02 10:07", periods=count, freq="min").rename("time")
    return frame.drop(frame.index[100:190])


def test_short_bars_are_made_into_longer_ones(tmp_path: Path):
    frame = minutes()
    reading = read(frame.to_csv().encode(), tmp_path, resample="15min")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    expected = frame.resample("15min").agg(how).dropna()
    np.testing.assert_array_equal(reading.bars.time, expected.index.to_numpy())
    for column in how:
        np.testing.assert_allclose(getattr(reading.bars, column), expected[column], rtol=1e-12)
    assert reading.faults.notes[-1].subject == "resample"


def test_bars_of_the_length_are_not_changed(tmp_path: Path):
    raw = minutes().to_csv().encode()
    same, plain = read(raw, tmp_path, resample="1min"), read(raw, tmp_path)
    np.testing.assert_array_equal(same.bars.time, plain.bars.time)
    assert same.faults == plain.faults


@pytest.mark.parametrize("length", ["30s", "90s"])
def test_a_length_that_is_no_multiple_of_the_bars_is_refused(length: str, tmp_path: Path):
    with pytest.raises(DataError, match=f"data.resample {length} is no multiple of the bars of 1 minutes"):
        read(minutes().to_csv().encode(), tmp_path, resample=length)


@pytest.mark.parametrize("length", ["5", "min", "0min", "5 min", "1w"])
def test_a_length_in_another_form_is_refused(length: str):
    with pytest.raises(ValueError, match="resample"):
        DataConfig(resample=length)


def test_the_ticks_of_one_pair_are_chosen(tmp_path: Path):
    raw = EXPORTS["TrueFX"]()
    both = raw + raw.replace(b"EUR/USD", b"GBP/USD")
    with pytest.raises(DataError, match=r"several instruments, in the column 'pair': EUR/USD, GBP/USD; choose one"):
        read(both, tmp_path, resample="5min")
    assert_bars_of_ticks(read(both, tmp_path, resample="5min", instrument="GBP/USD"), "5min")
