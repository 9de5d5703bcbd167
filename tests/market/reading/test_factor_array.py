"""Arrays of factors beside a table: `factor_0`, `factor_1`, … are columns of its rows."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.reading import read_bar_file
from fxai.spec.fields.data_config import DataConfig
from market.random_book import random_book

BOOK = random_book(rows=50)
FACTORS = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)


def write(folder: Path, factors: Any = FACTORS, rows: Any = slice(None)) -> Path:
    """The two files, and the pattern of both."""
    BOOK.iloc[rows].to_csv(folder / "BTC_1sec.csv")
    np.save(folder / "BTC_1sec_predict.npy", factors, allow_pickle=True)
    return folder / "BTC_1sec*"


def read(path: Path, columns: Any = "all", **data: Any) -> Reading:
    return read_bar_file(path, DataConfig.model_validate({"source": "x", "features": {"columns": columns}, **data}))


def refusal(path: Path, **data: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **data)
    return str(caught.value)


def test_factors_are_columns(tmp_path: Path) -> None:
    reading = read(write(tmp_path))
    assert list(reading.bars.columns) == ["factor_0", "factor_1", "factor_2"]
    for number in range(3):
        np.testing.assert_array_equal(reading.bars.columns[f"factor_{number}"], FACTORS[:, number])
    notes = [note.text for note in reading.faults.notes if note.subject == "factors"]
    assert notes == ["BTC_1sec_predict.npy has the columns factor_0 to factor_2 of the rows of BTC_1sec.csv"]
    assert list(read(tmp_path / "BTC_1sec*", ["factor_1"]).bars.columns) == ["factor_1"]


def test_factors_follow_their_rows(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(50)
    reading = read(write(tmp_path, FACTORS[order], order))
    np.testing.assert_array_equal(reading.bars.columns["factor_2"], FACTORS[:, 2])


def test_one_factor_without_an_axis_and_values_that_begin_late(tmp_path: Path) -> None:
    late = np.arange(50.0)
    late[:4] = np.nan
    np.testing.assert_array_equal(read(write(tmp_path, late)).bars.columns["factor_0"], late)
    late[20] = np.nan
    assert "factor_0 is empty in row 22" in refusal(write(tmp_path, late))


def test_the_files_may_be_in_a_zip_file(tmp_path: Path) -> None:
    write(tmp_path)
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for path in sorted(tmp_path.glob("BTC*")):
            archive.write(path, path.name)
    np.testing.assert_array_equal(read(tmp_path / "both.zip").bars.columns["factor_0"], FACTORS[:, 0])


def test_the_hash_holds_the_array(tmp_path: Path) -> None:
    first = read(write(tmp_path)).bars.content_hash
    assert read(write(tmp_path, FACTORS + 1)).bars.content_hash != first


@pytest.mark.parametrize(
    ("factors", "text"),
    [
        (
            FACTORS[:-1],
            "BTC_1sec_predict.npy: the array has 49 rows, and BTC_1sec.csv has 50; an array of factors has one",
        ),
        (FACTORS[:, :, None], "BTC_1sec_predict.npy: the array has the shape (50, 3, 1)"),
        (FACTORS[:, :0], "BTC_1sec_predict.npy: the array has the shape (50, 0)"),
        (FACTORS.astype(str), "BTC_1sec_predict.npy: the array has values of the type <U32"),
        (FACTORS.astype(object), "BTC_1sec_predict.npy: the NumPy file cannot be read (Object arrays"),
        (np.where(FACTORS > 1, np.inf, FACTORS), "factor_"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(factors: Any, text: str, tmp_path: Path) -> None:
    assert text in refusal(write(tmp_path, factors))


def test_an_array_needs_one_table(tmp_path: Path) -> None:
    write(tmp_path)
    assert "is an array of factors; it needs one table" in refusal(tmp_path / "BTC_1sec_predict.npy")
    np.save(tmp_path / "BTC_1sec_second.npy", FACTORS)
    assert "BTC_1sec_second.npy is an array of factors" in refusal(tmp_path / "BTC_1sec*")


def test_a_damaged_array(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "BTC_1sec_predict.npy"
    path.write_bytes(path.read_bytes()[:-100])
    assert "BTC_1sec_predict.npy: the NumPy file cannot be read" in refusal(tmp_path / "BTC_1sec*")


def test_a_column_of_the_table_with_the_name_of_a_factor(tmp_path: Path) -> None:
    path = write(tmp_path)
    BOOK.assign(factor_1=1.0).to_csv(tmp_path / "BTC_1sec.csv")
    assert "both have the column 'factor_1'" in refusal(path)
