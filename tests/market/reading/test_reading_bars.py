"""Files in the forms that people have, written from known bars, must give those bars back."""

import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.bars import Bars, Reading
from fxai.market.reading.reading import read_bar_file
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig

EXACT = synthetic_market(seed=1, bars=60)
KNOWN = replace(EXACT, **{name: getattr(EXACT, name).round(5) for name in ("open", "high", "low", "close")})
VOLUME = np.arange(1.0, 61.0)
SPREAD_POINTS = np.arange(60) % 7


def table(when: pd.Series | list[str] | list[int], /, **names: str) -> pd.DataFrame:
    """The known bars at those timestamps, the columns named as given."""
    columns = {names.get("time", "time"): list(when)}
    for column in ("open", "high", "low", "close"):
        columns[names.get(column, column)] = getattr(KNOWN, column)
    return pd.DataFrame(columns | {names.get("volume", "volume"): VOLUME})


def moments(zone: str = "UTC") -> pd.Series:
    return pd.Series(pd.DatetimeIndex(KNOWN.time).tz_localize("UTC").tz_convert(zone))


def stamps(form: str, zone: str = "UTC") -> list[str]:
    return list(moments(zone).dt.strftime(form))


def csv(frame: pd.DataFrame, separator: str = ",") -> bytes:
    return frame.to_csv(index=False, sep=separator).encode()


def parquet(frame: pd.DataFrame, *, index: bool = False) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=index)
    return buffer.getvalue()


def metatrader(*, zone: str = "UTC", epoch_volume: int = 0) -> bytes:
    frame = pd.DataFrame(
        {
            "<DATE>": stamps("%Y.%m.%d", zone),
            "<TIME>": stamps("%H:%M:%S", zone),
            "<OPEN>": KNOWN.open,
            "<HIGH>": KNOWN.high,
            "<LOW>": KNOWN.low,
            "<CLOSE>": KNOWN.close,
            "<TICKVOL>": VOLUME.astype(int),
            "<VOL>": epoch_volume,
            "<SPREAD>": SPREAD_POINTS,
        }
    )
    return csv(frame, "\t")


def cryptodatadownload() -> bytes:
    frame = table(stamps("%Y-%m-%d %H:%M:%S"), time="date", volume="Volume BTC").iloc[::-1]
    frame.insert(0, "unix", [int(moment.timestamp()) for moment in moments()][::-1])
    frame.insert(2, "symbol", "BTC/USD")
    frame["Volume USD"] = 1.0
    return b"https://www.example.org/data\n" + csv(frame)


def dukascopy() -> list[str]:
    local = moments("America/New_York")
    return [f"{moment:%d.%m.%Y %H:%M:%S}.000 GMT{moment:%z}" for moment in local]


UPPER = {name: name.upper() for name in ("time", "open", "high", "low", "close", "volume")}
SHORT = {"time": "Datetime", "open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}

FORMS: dict[str, Callable[[], bytes]] = {
    "iso": lambda: csv(table(stamps("%Y-%m-%d %H:%M"))),
    "iso with Z": lambda: csv(table(stamps("%Y-%m-%dT%H:%M:%SZ"), **UPPER)),
    "iso with offsets": lambda: csv(table([moment.isoformat() for moment in moments("Asia/Kolkata")])),
    "iso with the word UTC": lambda: csv(table(stamps("%Y-%m-%d %H:%M:%S UTC"))),
    "slashes, year first": lambda: csv(table(stamps("%Y/%m/%d %H:%M"), **SHORT)),
    "epoch seconds": lambda: csv(table([str(int(m.timestamp())) for m in moments()], time="unix")),
    "epoch milliseconds": lambda: csv(table([str(int(m.timestamp() * 1000)) for m in moments()], time="Timestamp")),
    "dotted": lambda: csv(table(stamps("%d.%m.%Y %H:%M:%S.000"), time="Gmt time")),
    "dotted with offsets": lambda: csv(table(dukascopy(), time="Local time")),
    "twelve-hour clock": lambda: csv(table(stamps("%Y-%m-%d %I-%p"), time="Date")),
    "compact date and clock": lambda: csv(table(stamps("%Y%m%d %H%M%S"))),
    "semicolons": lambda: csv(table(stamps("%Y-%m-%d %H:%M")), ";"),
    "decimal commas": lambda: csv(table(stamps("%Y-%m-%d %H:%M")), ";").replace(b".", b","),
    "tabs": lambda: csv(table(stamps("%Y-%m-%d %H:%M")), "\t"),
    "newest first": lambda: csv(table(stamps("%Y-%m-%d %H:%M")).iloc[::-1]),
    "any order": lambda: csv(table(stamps("%Y-%m-%d %H:%M")).sample(frac=1, random_state=0)),
    "blank lines": lambda: csv(table(stamps("%Y-%m-%d %H:%M"))).replace(b"\n", b"\n\n"),
    "byte order mark": lambda: b"\xef\xbb\xbf" + csv(table(stamps("%Y-%m-%d %H:%M"))),
    "utf-16": lambda: csv(table(stamps("%Y-%m-%d %H:%M"))).decode().encode("utf-16"),
    "gzip": lambda: gzip.compress(csv(table(stamps("%Y-%m-%d %H:%M")))),
    "MetaTrader": metatrader,
    "cryptodatadownload": cryptodatadownload,
    "parquet": lambda: parquet(table(moments())),
    "parquet, naive": lambda: parquet(table(moments().dt.tz_localize(None))),
    "parquet, other zone": lambda: parquet(table(moments("Asia/Tokyo"))),
    "parquet, time as index": lambda: parquet(table(moments()).set_index("time"), index=True),
    "parquet, epoch": lambda: parquet(table([int(m.timestamp()) for m in moments()])),
}


def read(raw: bytes, folder: Path, **config: Any) -> Reading:
    path = folder / "bars.dat"
    path.write_bytes(raw)
    return read_bar_file(path, DataConfig.model_validate({"source": "bars.dat", **config}))


def assert_known(bars: Bars) -> None:
    for column in ("time", "open", "high", "low", "close"):
        np.testing.assert_array_equal(getattr(bars, column), getattr(KNOWN, column), err_msg=column)
    np.testing.assert_array_equal(bars.volume, VOLUME)
    assert bars.time.dtype == np.dtype("datetime64[ns]")
    assert bars.open.dtype == np.float64


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_bars(form: str, tmp_path: Path):
    assert_known(read(FORMS[form](), tmp_path).bars)


def test_naive_timestamps_lie_in_the_configured_zone(tmp_path: Path):
    raw = metatrader(zone="Europe/Athens")
    assert_known(read(raw, tmp_path, timezone="Europe/Athens").bars)
    assert read(raw, tmp_path).bars.time[0] - KNOWN.time[0] == np.timedelta64(2, "h")


def test_a_gmt_column_overrides_the_configured_zone(tmp_path: Path):
    assert_known(read(FORMS["dotted"](), tmp_path, timezone="Asia/Tokyo").bars)


def test_spread_column_is_in_its_unit(tmp_path: Path):
    bars = read(metatrader(), tmp_path, spread_column="spread", spread_unit=1e-5).bars
    assert bars.spread is not None
    np.testing.assert_allclose(bars.spread, SPREAD_POINTS * 1e-5)
    np.testing.assert_array_equal(read(metatrader(), tmp_path).bars.spread, bars.spread)
    assert read(metatrader(), tmp_path, spread_column=None).bars.spread is None


def test_all_zero_volume_is_none(tmp_path: Path):
    frame = table(stamps("%Y-%m-%d %H:%M")).assign(volume=0)
    assert read(csv(frame), tmp_path).bars.volume is None


def test_faults_are_counted_and_the_last_duplicate_stays(tmp_path: Path):
    frame = table(stamps("%Y-%m-%d %H:%M"))
    twice = pd.concat([frame.iloc[:1].assign(volume=7), frame.iloc[[1, 0]], frame.iloc[2:]])
    reading = read(csv(twice), tmp_path)
    assert_known(reading.bars)
    assert (reading.faults.rows_read, reading.faults.duplicates_dropped, reading.faults.rows_reordered) == (61, 1, 1)
    assert not reading.faults.newest_first
    assert read(csv(frame.iloc[::-1]), tmp_path).faults.newest_first


def test_an_open_outside_the_range_is_counted_and_kept(tmp_path: Path):
    frame = table(stamps("%Y-%m-%d %H:%M"))
    frame.loc[3, "open"] = frame["high"].iloc[3] * 1.01
    reading = read(csv(frame), tmp_path)
    assert reading.faults.outside_range == 1
    assert reading.bars.open[3] == frame.loc[3, "open"]


def test_messages_have_the_column_names_of_the_file(tmp_path: Path):
    columns = read(metatrader(), tmp_path, spread_column="<SPREAD>", spread_unit=1e-5).columns
    assert columns["time"] == "<DATE> + <TIME>"
    assert (columns["volume"], columns["spread"]) == ("<TICKVOL>", "<SPREAD>")


def test_the_hash_follows_the_bytes(tmp_path: Path):
    raw = FORMS["iso"]()
    first = read(raw, tmp_path).bars.content_hash
    assert read(raw, tmp_path).bars.content_hash == first
    assert read(raw + b"\n", tmp_path).bars.content_hash != first


def test_the_repeated_hour_is_resolved_by_order(tmp_path: Path):
    utc = pd.date_range("2017-11-04 12:00", periods=60, freq="h", tz="UTC")
    local = utc.tz_convert("America/New_York").strftime("%Y-%m-%d %H:%M")
    for frame in (table(list(local)), table(list(local)).iloc[::-1]):
        reading = read(csv(frame), tmp_path, timezone="America/New_York")
        np.testing.assert_array_equal(reading.bars.time, utc.tz_localize(None).to_numpy())
        assert "resolved by the order of rows" in reading.faults.notes[0].text


def with_cell(row: int, column: str, value: Any) -> bytes:
    frame = table(stamps("%Y-%m-%d %H:%M")).astype({column: object})
    frame.loc[row, column] = value
    return csv(frame)


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty file": (lambda: b"", "the file is empty"),
    "no header": (lambda: b"2017-01-01,22:00,1,1,1,1,5\n" * 3, "no header with column names.*2017-01-01,22:00"),
    "header alone": (lambda: b"time,open,high,low,close\n", "has a header and no bars"),
    "one bar": (lambda: b"time,open,high,low,close\n2017-01-01,1,1,1,1\n", "one bar; at least two"),
    "missing columns": (
        lambda: csv(table(stamps("%Y")).drop(columns=["low", "time"])),
        "no column for time, low; the file has open, high, close, volume",
    ),
    "column twice": (lambda: b"time,open,high,low,close,close\n2017-01-01,1,1,1,1,1\n", "'close' occurs more than"),
    "a gap in a price": (lambda: with_cell(4, "close", None), "close is empty in row 6"),
    "text in a price": (lambda: with_cell(0, "open", "n/s"), "open is 'n/s', not a finite number in row 2"),
    "infinite price": (lambda: with_cell(0, "open", "inf"), "open is 'inf', not a finite number"),
    "zero price": (lambda: with_cell(1, "low", 0), "low must be above zero in row 3"),
    "high below low": (lambda: with_cell(1, "high", 0.1), "high is below low in row 3"),
    "negative volume": (lambda: with_cell(1, "volume", -1), "volume is negative in row 3"),
    "decimal commas between commas": (
        lambda: csv(table(stamps("%Y-%m-%d %H:%M"))).replace(b".", b","),
        "as many fields as the header.*decimal comma",
    ),
    "ragged row": (lambda: FORMS["iso"]() + b"2018-01-01,1,1,1,1,1,1,1\n", "as many fields"),
    "cut off": (lambda: FORMS["iso"]().rsplit(b",", 2)[0], "close is empty in row 61|volume is empty in row 61"),
    "not a timestamp": (lambda: with_cell(2, "time", "soon"), "row 4: 'soon' does not have the format"),
    "slashes, day or month first": (
        lambda: csv(table(stamps("%d/%m/%Y %H:%M"))),
        "row 2: '01/01/2017 00:00' has the day or the month first; set data.date_format, such as '%m/%d/%Y %H:%M' ",
    ),
    "offsets on some rows": (
        lambda: with_cell(2, "time", "2017-01-01 02:00+00:00"),
        "row 2: '2017-01-01 00:00' has no time zone",
    ),
    "digits on one row": (lambda: with_cell(0, "time", "9" * 19), "row 3: '2017-01-01 01:00' does not have the form"),
    "two symbols": (
        lambda: csv(table(stamps("%Y-%m-%d %H:%M")).assign(symbol=["A", "B"] * 30)),
        "several instruments, in the column 'symbol': A, B; choose one with data.instrument: A",
    ),
    "damaged gzip": (lambda: FORMS["gzip"]()[:100], "damaged or truncated"),
    "damaged parquet": (lambda: FORMS["parquet"]()[:100], "Parquet file cannot be read"),
    "binary": (lambda: b"\x89PNG\xff\x00\xfe", "neither Parquet, Arrow nor text"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_its_cause(case: str, tmp_path: Path):
    make, message = BROKEN[case]
    with pytest.raises(DataError, match=message):
        read(make(), tmp_path)


def test_many_bad_rows_are_named_in_short(tmp_path: Path):
    frame = table(stamps("%Y-%m-%d %H:%M")).assign(low=-1.0)
    with pytest.raises(DataError, match="rows 2, 3, 4, 5, 6 and 55 more"):
        read(csv(frame), tmp_path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"timezone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
        ({"timezone": "../etc/passwd"}, "is not a time zone"),
        ({"spread_column": "ask_spread"}, "'ask_spread', but the file has <DATE>, <TIME>"),
        ({"spread_column": "SPREAD", "spread_unit": 1}, "set data.spread_unit"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(config: dict[str, Any], message: str, tmp_path: Path):
    with pytest.raises(DataError, match=message):
        read(metatrader(), tmp_path, **config)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), form=st.sampled_from(["dotted with offsets", "epoch seconds", "iso", "MetaTrader", "parquet"]))
def test_a_damaged_file_gives_bars_or_a_clear_error(
    data: st.DataObject, form: str, tmp_path_factory: pytest.TempPathFactory
):
    raw = bytearray(FORMS[form]())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(1, len(raw))) :]
    try:
        bars = read(bytes(raw), tmp_path_factory.mktemp("damaged")).bars
    except DataError:
        return
    assert (np.diff(bars.time) > np.timedelta64(0)).all()
    assert (bars.low > 0).all()
    assert (bars.high >= bars.low).all()


@settings(max_examples=50, deadline=None)
@given(order=st.permutations(range(60)), unit=st.sampled_from([1, 10**3, 10**6, 10**9]), changed=st.integers(0, 60))
def test_neither_the_order_of_rows_nor_the_unit_of_times_changes_the_bars(
    order: list[int], unit: int, changed: int, tmp_path_factory: pytest.TempPathFactory
):
    seconds = KNOWN.time.astype(np.int64) // 10**9
    units = np.where(np.arange(60) < changed, unit, 10**3)
    frame = table(list(seconds * units)).iloc[order]
    reading = read(csv(frame), tmp_path_factory.mktemp("units"))
    assert_known(reading.bars)
    is_mixed = len(set(units)) > 1
    assert [note.subject for note in reading.faults.notes] == ["time units"] * is_mixed


@pytest.mark.parametrize("index", ["time", "open", None])
def test_index_with_the_name_of_a_column_goes_behind_the_column(index: str | None, tmp_path: Path):
    bars = read(metatrader(), tmp_path).bars
    times = pd.DatetimeIndex(bars.time)
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    columns = {"time": times, **prices} if index == "time" else prices
    pd.DataFrame(columns, index=times.rename(index)).to_parquet(tmp_path / "saved.parquet")
    again = read((tmp_path / "saved.parquet").read_bytes(), tmp_path).bars
    assert (again.time == bars.time).all()
    assert (again.open == bars.open).all()
