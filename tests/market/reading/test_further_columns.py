"""Columns of a file that are features: `data.features.columns`."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.reading import read_bar_file, read_bar_frame
from fxai.spec.fields.data_config import DataConfig

ROWS = 12
WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "csv": lambda frame: frame.to_csv(index=False).encode(),
    "semicolons": lambda frame: frame.to_csv(index=False, sep=";", decimal=",").encode(),
    "json": lambda frame: frame.to_json(orient="records", date_format="iso").encode(),
    "parquet": lambda frame: _bytes(frame.to_parquet),
    "arrow": lambda frame: _bytes(frame.to_feather),
}


def _bytes(write: Callable[[io.BytesIO], Any]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def table(**columns: Any) -> pd.DataFrame:
    close = 1.05 + np.arange(ROWS) / 1000
    times = pd.date_range("2024-01-01", periods=ROWS, freq="h")
    prices = {"open": close, "high": close + 0.001, "low": close - 0.001, "close": close}
    rsi = np.arange(ROWS) + 0.5
    return pd.DataFrame({"time": times, **prices, "RSI": rsi, "news": np.arange(ROWS) % 3, **columns})


def config(columns: Any = ("rsi",), **data: Any) -> DataConfig:
    return DataConfig.model_validate({"features": {"columns": columns}, **data})


def read(frame: pd.DataFrame, columns: Any = ("rsi",), **data: Any) -> Reading:
    return read_bar_frame(frame, config(columns, **data))


@pytest.mark.parametrize("kind", WRITERS)
def test_columns_of_every_format(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    path.write_bytes(WRITERS[kind](table()))
    bars = read_bar_file(path, config(("rsi", "news"))).bars
    assert list(bars.columns) == ["rsi", "news"]
    assert bars.columns["rsi"].tolist() == table()["RSI"].tolist()
    assert bars.columns["news"].tolist() == table()["news"].tolist()


def test_without_the_key_no_column_is_read() -> None:
    with_columns, without = read(table()), read_bar_frame(table(), DataConfig())
    assert not without.bars.columns
    assert with_columns.bars.content_hash == without.bars.content_hash


def test_rows_in_any_order_keep_their_values() -> None:
    mixed = table().sample(frac=1, random_state=1)
    assert read(mixed).bars.columns["rsi"].tolist() == table()["RSI"].tolist()
    assert read(table()[::-1]).bars.columns["rsi"].tolist() == table()["RSI"].tolist()


def test_rows_that_are_dropped_take_their_values_along() -> None:
    repeated = pd.concat([table(), table(RSI=99.0).iloc[[3]]])
    found = read(repeated)
    assert found.bars.columns["rsi"][3] == 99
    assert any("different values: rsi 3.5 and 99.0; the last row is used" in note.text for note in found.faults.notes)
    invalid = table()
    invalid.loc[4, "close"] = -1
    kept = read(invalid, clean={"invalid": "drop"}).bars
    assert kept.columns["rsi"].tolist() == table()["RSI"].drop(4).tolist()


def test_a_longer_bar_has_the_value_of_its_last_row() -> None:
    bars = read(table(), resample="4h").bars
    assert bars.columns["rsi"].tolist() == [3.5, 7.5, 11.5]


def test_cells_before_the_first_value_may_be_empty() -> None:
    rsi = [np.nan, np.nan, *np.arange(2.0, ROWS)]
    bars = read(table(RSI=rsi)).bars
    assert np.isnan(bars.columns["rsi"][:2]).all()
    assert np.isfinite(bars.columns["rsi"][2:]).all()
    backwards = read(table(RSI=rsi)[::-1]).bars
    np.testing.assert_array_equal(backwards.columns["rsi"], bars.columns["rsi"])


def test_later_empty_cells_follow_the_rule_for_invalid_rows(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_bytes(WRITERS["csv"](table(RSI=[1.0, np.nan, 3.0, np.nan, *range(4, ROWS)])))
    message = "RSI is empty in rows 3, 5; .* or remove rsi from data.features.columns"
    with pytest.raises(DataError, match=message):
        read_bar_file(path, config())
    kept = read_bar_file(path, config(clean={"invalid": "drop"})).bars
    assert len(kept) == ROWS - 2
    assert kept.columns["rsi"][:2].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("columns", "wanted", "message"),
    [
        ({}, ("rsl",), r"data.features.columns has 'rsl', but .*; did you mean 'RSI'\? It has time, open, "),
        ({"RSI": ["x", *range(1, ROWS)]}, ("rsi",), "RSI is 'x', not a finite number in row 1"),
        ({"RSI": [np.inf, *range(1, ROWS)]}, ("rsi",), "RSI is 'inf', not a finite number in row 1"),
        ({"RSI": np.nan}, ("rsi",), "RSI is empty in all rows"),
        ({"RSI": pd.Timestamp("2024-01-01")}, ("rsi",), "RSI is a column of times"),
        ({"rsi ": 1.0}, ("Rsi",), "occurs more than once"),
    ],
)
def test_columns_that_cannot_be_features(columns: dict[str, Any], wanted: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(table(**columns), wanted)


def test_all_takes_the_columns_of_numbers_without_another_meaning() -> None:
    others = {
        "Unnamed: 0": range(ROWS),
        "close_time": range(ROWS),
        "volume": 5.0,
        "spread": 0.0001,
        "symbol": "EURUSD",
        "comment": "none",
        "expiry": "2024.01.05",
        "up": [True, False] * (ROWS // 2),
        "number": [f"{row}.5" for row in range(ROWS)],
        "empty": np.nan,
    }
    found = read(table(**others), "all")
    assert list(found.bars.columns) == ["RSI", "news", "up", "number"]
    assert found.bars.columns["number"].tolist() == [row + 0.5 for row in range(ROWS)]
    (note,) = (note for note in found.faults.notes if note.subject == "columns")
    assert note.text.startswith("features of columns: RSI, news, up, number; other columns have cells")
    assert note.text.endswith("comment, expiry, empty")


def test_all_needs_a_column() -> None:
    with pytest.raises(DataError, match="no further column of numbers; it has time, open, high, low, close"):
        read(table().drop(columns=["RSI", "news"]), "all")


def test_ticks_have_no_further_columns() -> None:
    times = pd.date_range("2024-01-01", periods=ROWS, freq="s")
    ticks = pd.DataFrame({"time": times, "bid": 1.0, "ask": 1.1, "rsi": 3.0})
    with pytest.raises(DataError, match="the file has ticks, whose further columns are not read"):
        read(ticks, resample="5s")
