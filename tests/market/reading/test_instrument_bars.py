"""Where the bars of several instruments come from: a mapping, a folder, a pattern, a table with the rows of all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.bars import Reading
from fxai.market.reading.instrument_bars import instrument_configs, read_instruments
from fxai.market.reading.read_bars import load_bars, read_bars
from fxai.spec.fields.data_config import DataConfig
from instrument_bars import LENGTHS, frame_of, instrument_bars, write_instruments


def config(source: object, **data: Any) -> DataConfig:
    return DataConfig.model_validate({"source": source, **data})


def check(readings: Mapping[str, Reading], names: tuple[str, ...] = tuple(LENGTHS)) -> None:
    assert tuple(readings) == names
    for name in names:
        np.testing.assert_array_equal(readings[name].bars.close, instrument_bars()[name].close)


def long_table(path: Path, **columns: str) -> str:
    """A file with the rows of all instruments, in the order of time."""
    frames = [frame_of(bars).assign(code=name, **columns) for name, bars in instrument_bars().items()]
    pd.concat(frames).sort_values("time", kind="stable").to_csv(path, index=False)
    return str(path)


def test_a_mapping_names_the_file_of_each(tmp_path: Path) -> None:
    sources = write_instruments(tmp_path)
    check(read_instruments(config(dict(reversed(sources.items())))))


@pytest.mark.parametrize("pattern", ["", "*.csv"])
def test_each_file_of_a_folder_or_a_pattern_is_an_instrument(pattern: str, tmp_path: Path) -> None:
    write_instruments(tmp_path / "bars")
    check(read_instruments(config(str(tmp_path / "bars" / pattern), instruments="all")))


def test_a_list_chooses_files(tmp_path: Path) -> None:
    write_instruments(tmp_path)
    check(read_instruments(config(str(tmp_path), instruments=["JPY", "AUD"])), ("AUD", "JPY"))


def test_a_table_is_cut_by_its_column_of_instruments(tmp_path: Path) -> None:
    source = long_table(tmp_path / "all.csv")
    check(read_instruments(config(source, instruments="all")))
    check(read_instruments(config(source, instruments=["JPY", "EUR"])), ("EUR", "JPY"))


def test_columns_by_number_and_another_column_with_text_change_nothing(tmp_path: Path) -> None:
    source = long_table(tmp_path / "all.csv", exchange="X")
    check(read_instruments(config(source, instruments="all", columns={"close": 5})))


def test_the_configuration_of_one_reads_the_same_bars(tmp_path: Path) -> None:
    whole = (
        config(write_instruments(tmp_path / "bars")),
        config(str(tmp_path / "bars"), instruments="all"),
        config(long_table(tmp_path / "all.csv"), instruments="all"),
    )
    for each in whole:
        readings = read_instruments(each)
        for reading, of_one in zip(readings.values(), instrument_configs(each, tuple(readings)), strict=True):
            alone = read_bars(of_one)
            np.testing.assert_array_equal(alone.bars.close, reading.bars.close)
            assert alone.bars.content_hash == reading.bars.content_hash


def test_named_data_sets_are_instruments_too() -> None:
    found = read_instruments(config({"A": "planted_1h:1", "B": "planted_1h:2"}))
    assert [reading.bars.name for reading in found.values()] == ["planted_1h:1", "planted_1h:2"]


def test_a_message_names_the_instrument_the_file_and_the_row(tmp_path: Path) -> None:
    sources = write_instruments(tmp_path)
    lines = Path(sources["EUR"]).read_text().splitlines()
    lines[76] = lines[76].replace(",", ",x", 1)
    Path(sources["EUR"]).write_text("\n".join(lines))
    for given in (config(sources), config(str(tmp_path), instruments="all")):
        with pytest.raises(
            DataError, match=r"^instrument EUR: EUR\.csv: open is 'x.*' *, not a finite number in row 77"
        ):
            read_instruments(given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"instruments": ["EUR", "GBP"]}, "no file of GBP, which data.instruments names; it has the instruments AUD,"),
        ({"source": "nothing", "instruments": "all"}, "no data set and no file"),
        ({"source": {"EUR": "no.csv"}}, "instrument EUR: no data set and no file 'no.csv'"),
    ],
)
def test_an_instrument_that_does_not_exist(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    write_instruments(tmp_path)
    with pytest.raises(DataError, match=message):
        read_instruments(DataConfig.model_validate({"source": str(tmp_path), **change}))


def test_an_instrument_that_the_table_does_not_have(tmp_path: Path) -> None:
    source = long_table(tmp_path / "all.csv")
    with pytest.raises(DataError, match="names GBP, but the column 'code' has EUR, AUD"):
        read_instruments(config(source, instruments=["EUR", "GBP"]))
    with pytest.raises(DataError, match="needs a column that names the instrument of each row"):
        read_instruments(config(write_instruments(tmp_path)["EUR"], instruments="all"))


def test_rows_without_an_instrument_are_refused(tmp_path: Path) -> None:
    frame = pd.read_csv(long_table(tmp_path / "all.csv"))
    frame.loc[[10, 20], "code"] = None
    frame.to_csv(tmp_path / "all.csv", index=False)
    with pytest.raises(DataError, match=r"all\.csv: rows 12, 22 have no instrument in the column 'code'"):
        read_instruments(config(str(tmp_path / "all.csv"), instruments="all"))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    write_instruments(tmp_path)
    (tmp_path / "EUR.txt").write_text("time")
    with pytest.raises(DataError, match=r"EUR\.csv and EUR\.txt would both be the instrument EUR"):
        read_instruments(config(str(tmp_path), instruments="all"))


def test_files_of_several_instruments_are_not_joined_without_the_key(tmp_path: Path) -> None:
    write_instruments(tmp_path)
    with pytest.raises(DataError, match=r"If each file has another instrument, set data\.instruments to all"):
        load_bars(config(str(tmp_path)))


def test_code_for_one_instrument_refuses_several(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have several instruments, and one is needed here"):
        load_bars(config(write_instruments(tmp_path)))
