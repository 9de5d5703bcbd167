"""Each export of the table in docs/how_to/file_formats.md gives the bars that it was made of."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.reading import read_bar_file, read_bar_frame
from fxai.market.reading.table import read_tables, with_row_numbers
from fxai.spec.fields.data_config import DataConfig
from market.reading.export_files import (
    EXPORTS,
    GERMAN,
    KNOWN,
    bare,
    epochs,
    german,
    klines,
    lines,
    plain,
    stamps,
    table,
    zipped,
)

PRICES = ("open", "high", "low", "close")


def read(raw: bytes, folder: Path, **config: Any) -> Reading:
    path = folder / "bars.dat"
    path.write_bytes(raw)
    return read_bar_file(path, DataConfig.model_validate({"source": str(path), **config}))


def assert_known(reading: Reading, volume: float | None = 1.0) -> None:
    np.testing.assert_array_equal(reading.bars.time, KNOWN.index.to_numpy())
    for column in PRICES:
        np.testing.assert_array_equal(getattr(reading.bars, column), KNOWN[column], err_msg=column)
    if volume is None:
        assert reading.bars.volume is None
    else:
        assert reading.bars.volume is not None
        np.testing.assert_allclose(reading.bars.volume, KNOWN["volume"] * volume, rtol=0, atol=5.1)


@pytest.mark.parametrize("export", EXPORTS)
def test_an_export_gives_its_bars(export: str, tmp_path: Path):
    made = EXPORTS[export]
    reading = read(made.make(), tmp_path, **made.config)
    assert_known(reading, made.volume)
    assert tuple(note.subject for note in reading.faults.notes) == made.notes


def test_each_layout_without_a_header_is_named(tmp_path: Path):
    note = read(klines(), tmp_path).faults.notes[0]
    assert note.text.startswith("the file has no header; its columns were read as those of Binance klines: open_time, ")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (lambda: bare(stamps("%d/%m/%Y"), stamps("%H:%M")), "no header with column names"),
        (lambda: bare(epochs("s")), "no header with column names"),  # a volume may be the last or the fifth number
        (
            lambda: lines(
                table("t", stamps("%Y%m%d %H%M%S"))[["t", "high", "open", "low", "close", "volume"]], ";", header=False
            ),
            "its columns are not open, high, low and close as in HistData",
        ),
        (
            lambda: lines(
                table("t", stamps("%Y%m%d %H%M%S"))[["t", "close", "high", "low", "open", "volume"]], ";", header=False
            ),
            "its columns are not open, high, low and close as in HistData",
        ),
    ],
)
def test_columns_that_are_not_beyond_doubt_are_refused(raw: Callable[[], bytes], why: str, tmp_path: Path):
    with pytest.raises(DataError, match=rf"{why}.*data\.columns: \{{time: 1, open: 2"):
        read(raw(), tmp_path)


def test_columns_by_number_of_a_file_with_another_order(tmp_path: Path):
    frame = table("t", epochs("s"))[["t", "low", "high", "open", "close", "volume"]]
    columns = {"time": 1, "low": 2, "high": 3, "open": 4, "close": 5, "volume": 6}
    assert_known(read(lines(frame, header=False), tmp_path, columns=columns))


def test_a_configuration_with_columns_is_a_key_of_caches_and_is_written_as_it_was():
    config = DataConfig.model_validate({"source": "bars.csv", "columns": GERMAN})
    assert hash(config) == hash(config.model_copy(deep=True))
    assert DataConfig.model_validate_json(config.model_dump_json()) == config
    assert config.model_dump(mode="json")["columns"] == GERMAN
    assert "columns" not in DataConfig().model_dump()


def test_date_and_time_by_name(tmp_path: Path):
    frame = table("Tag", stamps("%d.%m.%Y"))
    frame.insert(1, "Uhr", stamps("%H:%M"))
    assert_known(read(lines(frame), tmp_path, columns={"date": "Tag", "time": "uhr"}))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"close": "Kurs"}, r"data.columns has close: Kurs, but the file has 6 columns: time, open"),
        ({"close": 7}, r"data.columns has close: 7, but the file has 6 columns"),
        ({"close": "open"}, "the column 'open' is read as open and as close"),
    ],
)
def test_columns_that_are_not_there_are_refused(columns: dict[str, Any], message: str, tmp_path: Path):
    with pytest.raises(DataError, match=message):
        read(plain(), tmp_path, columns=columns)


def test_names_of_columns_that_no_line_has_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"none of the first 10 lines has the names of data\.columns, Datum"):
        read(bare(stamps("%Y-%m-%d %H:%M")), tmp_path, columns={"time": "Datum"})


def prices_as(form: Callable[[float], str], separator: str = ";") -> bytes:
    frame = table("time", stamps("%Y-%m-%d %H:%M"))
    for column in PRICES:
        frame[column] = [form(value) for value in (KNOWN[column] * 1000).round(2)]
    return lines(frame, separator)


def grouped(value: float, thousands: str, point: str) -> str:
    return f"{value + 1000:,.2f}".replace(",", "t").replace(".", point).replace("t", thousands)


@pytest.mark.parametrize(
    ("thousands", "point"), [(",", "."), (".", ","), ("'", "."), (" ", ","), ("", ","), ("\u00a0", ",")]
)
def test_thousands_and_decimal_signs(thousands: str, point: str, tmp_path: Path):
    bars = read(prices_as(lambda value: grouped(value, thousands, point)), tmp_path).bars
    np.testing.assert_allclose(bars.close, (KNOWN["close"] * 1000).round(2) + 1000, rtol=1e-12)


def test_a_comma_with_two_meanings_is_refused_until_it_is_set(tmp_path: Path):
    raw = prices_as(lambda value: f"{(round(value) + 1000) / 1000:.3f}".replace(".", ","))
    with pytest.raises(DataError, match=r"row 2: open is '[12],\d{3}', which may be .* set data.decimal to"):
        read(raw, tmp_path)
    assert read(raw, tmp_path, decimal=",").bars.close.max() < 3
    assert read(raw, tmp_path, decimal=".").bars.close.min() > 500


def test_a_number_with_the_other_decimal_sign_is_refused_by_row(tmp_path: Path):
    raw = german().decode("cp1252").splitlines()
    raw[4] = raw[4].replace(",", ".")
    with pytest.raises(DataError, match=r"row 5: .* is no number with the decimal sign ','"):
        read("\n".join(raw).encode(), tmp_path, columns=GERMAN)


def yfinance(*tickers: str, by_ticker: bool) -> pd.DataFrame:
    """A table as `yfinance.download` returns it; the last ticker has no bar in the first row."""
    days = pd.date_range("2023-01-02", periods=30, name="Date")
    parts = {}
    for number, ticker in enumerate(tickers, start=1):
        close = 100.0 * number + np.arange(30)
        parts[ticker] = pd.DataFrame({"Close": close, "High": close + 1, "Low": close - 1, "Open": close}, days)
        parts[ticker]["Volume"] = 10
    table = pd.concat(parts, axis=1, names=["Ticker", "Price"])
    if len(tickers) > 1:
        table.loc[days[0], tickers[-1]] = np.nan
    return table if by_ticker else table.swaplevel(axis=1)


def stored(table: pd.DataFrame, suffix: str, folder: Path) -> Path:
    path = folder / f"bars.{suffix}"
    table.to_csv(path) if suffix == "csv" else table.to_parquet(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("by_ticker", [False, True])
def test_the_tickers_of_yfinance_are_instruments(tmp_path: Path, suffix: str, *, by_ticker: bool):
    table = yfinance("AAA", "BBB", by_ticker=by_ticker)
    path = stored(table, suffix, tmp_path)
    with pytest.raises(DataError, match=r"several instruments, in the column 'Ticker': AAA, BBB; .*data\.instrument"):
        read_bar_file(path, DataConfig())
    for ticker, first, count in (("AAA", 100, 30), ("BBB", 201, 29)):
        bars = read_bar_file(path, DataConfig(instrument=ticker)).bars
        assert (bars.close[0], len(bars)) == (first, count)
        np.testing.assert_array_equal(read_bar_frame(table, DataConfig(instrument=ticker)).bars.close, bars.close)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_one_ticker_of_yfinance_needs_no_name(tmp_path: Path, suffix: str):
    path = stored(yfinance("AAA", by_ticker=False), suffix, tmp_path)
    assert len(read_bar_file(path, DataConfig()).bars) == 30
    with pytest.raises(DataError, match=r"data\.instrument is 'BBB', but the column 'Ticker' has AAA"):
        read_bar_file(path, DataConfig(instrument="BBB"))


def test_a_faulty_cell_of_one_ticker_is_named_with_the_row_of_the_file(tmp_path: Path):
    table = yfinance("AAA", "BBB", by_ticker=False)
    table.loc["2023-01-05", ("Low", "BBB")] = -1
    with pytest.raises(DataError, match=r"low must be above zero in row 7"):
        read_bar_file(stored(table, "csv", tmp_path), DataConfig(instrument="BBB"))


def test_other_levels_of_column_names_are_refused():
    table = yfinance("AAA", by_ticker=False)
    table.columns = pd.MultiIndex.from_tuples([(*names, "x") for names in table.columns])
    with pytest.raises(DataError, match="the columns have 3 levels of names"):
        read_bar_frame(table, DataConfig())


@pytest.mark.parametrize("kind", [pa.ipc.new_file, pa.ipc.new_stream])
def test_files_and_streams_of_arrow_are_read(tmp_path: Path, kind: Any):
    table = pa.Table.from_pandas(yfinance("AAA", by_ticker=False).droplevel(1, axis=1))
    with kind(tmp_path / "bars.arrow", table.schema) as writer:
        writer.write_table(table)
    assert len(read_bar_file(tmp_path / "bars.arrow", DataConfig()).bars) == 30


def parts(ends: tuple[int, ...] = (20, 45)) -> list[bytes]:
    rows = plain().splitlines(keepends=True)
    bounds = [1, *(end + 1 for end in ends), len(rows)]
    return [rows[0] + b"".join(rows[one:two]) for one, two in itertools.pairwise(bounds)]


def test_a_folder_a_pattern_and_a_zip_file_are_joined(tmp_path: Path):
    for number, part in enumerate(parts()):
        (tmp_path / f"part_{number}.csv").write_bytes(part)
    (tmp_path / "README.md").write_text("about these files")
    folder, pattern = (read_bar_file(path, DataConfig()) for path in (tmp_path, tmp_path / "part_*.csv"))
    for reading in (folder, pattern):
        assert_known(reading)
        assert [note.subject for note in reading.faults.notes] == ["files"]
    assert folder.bars.content_hash == pattern.bars.content_hash
    packed = zipped(**{f"part_{number}": part for number, part in enumerate(parts())})
    (tmp_path / "all.zip").write_bytes(packed)
    assert_known(read_bar_file(tmp_path / "all.zip", DataConfig()))


def test_binance_months_in_milliseconds_and_microseconds_are_joined(tmp_path: Path):
    one, two = klines("ms").splitlines(keepends=True)[:30], klines("us").splitlines(keepends=True)[30:]
    (tmp_path / "2024-12.csv").write_bytes(b"".join(one))
    (tmp_path / "2025-01.csv").write_bytes(b"".join(two))
    assert_known(read_bar_file(tmp_path, DataConfig()))


def test_an_error_in_one_of_several_files_names_the_file(tmp_path: Path):
    for number, part in enumerate(parts()):
        (tmp_path / f"part_{number}.csv").write_bytes(part.replace(b",1030\n", b",-7\n"))
    with pytest.raises(DataError, match=r"part_1\.csv: volume is negative in row 12"):
        read_bar_file(tmp_path, DataConfig())


def test_files_with_other_columns_are_not_joined(tmp_path: Path):
    one, two, _ = parts()
    (tmp_path / "a.csv").write_bytes(one)
    (tmp_path / "b.csv").write_bytes(two.replace(b"volume", b"amount"))
    with pytest.raises(DataError, match=r"b\.csv has the columns time, .*amount; a\.csv has"):
        read_bar_file(tmp_path, DataConfig())


def test_a_file_with_blank_lines_is_read_as_one_without(tmp_path: Path):
    raw = plain()
    apart = read(raw.replace(b"\n", b"\n\n"), tmp_path)
    assert_known(apart)
    assert_known(read(raw.replace(b"\n", b"\r\n"), tmp_path))


def test_numbers_are_the_nearest_to_their_text(tmp_path: Path):
    bars = read(EXPORTS["MetaTrader 5"].make(), tmp_path).bars
    cells = pd.read_csv(io.BytesIO(EXPORTS["MetaTrader 5"].make()), sep="\t", dtype=str)
    assert bars.open.tolist() == [float(cell) for cell in cells["<OPEN>"]]


def test_the_table_of_the_docs_has_the_exports_that_are_tested():
    page = (Path(__file__).parents[3] / "docs" / "how_to" / "file_formats.md").read_text()
    rows = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")}
    assert rows - {"export"} == {name.split(", ")[0] for name in EXPORTS} - {"text"}


@pytest.mark.parametrize("indexed", [False, True])
def test_the_columns_of_parquet_are_those_that_pandas_reads(tmp_path: Path, *, indexed: bool):
    days = pd.date_range("2023-01-02", periods=40, name="Date", tz="Europe/Berlin")
    close = np.arange(40) + 1.5
    table = pd.DataFrame({"open": close, "high": close, "low": close, "close": close, "volume": range(1, 41)}, days)
    table["name"] = "AAA"
    table.loc[days[3], "volume"] = np.nan
    stored = table if indexed else table.reset_index()
    stored.to_parquet(tmp_path / "bars.parquet")
    (found,) = read_tables((tmp_path / "bars.parquet").read_bytes(), DataConfig(), "bars.parquet")
    expected = with_row_numbers(pd.read_parquet(tmp_path / "bars.parquet"))
    pd.testing.assert_frame_equal(found.frame, expected)
