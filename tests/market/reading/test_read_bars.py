from pathlib import Path

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.reading.read_bars import load_bars, read_bars
from fxai.spec.fields.data_config import DataConfig


def test_the_embedded_set_is_eurusd_of_2017():
    reading = read_bars(DataConfig())
    bars = reading.bars
    assert (len(bars), bars.name) == (6225, "eurusd_1h")
    assert (str(bars.time[0])[:16], str(bars.time[-1])[:16]) == ("2017-01-01T22:00", "2017-12-29T21:00")
    assert bars.volume is not None
    assert (bars.open[0], bars.close[-1], bars.volume[0]) == (1.05236, 1.20075, 143539993.3)
    assert reading.faults.duplicates_dropped == reading.faults.rows_reordered == reading.faults.outside_range == 0


def test_the_embedded_set_does_not_depend_on_the_configured_zone():
    np.testing.assert_array_equal(
        load_bars(DataConfig(timezone="Asia/Tokyo")).time, load_bars(DataConfig(timezone="UTC")).time
    )


@pytest.mark.parametrize("kind", ["planted_1h", "shuffled_1h"])
def test_generated_sets_follow_their_seed(kind: str):
    same, again, other = (load_bars(DataConfig(source=f"{kind}:{seed}")) for seed in (7, 7, 8))
    np.testing.assert_array_equal(same.close, again.close)
    assert same.content_hash == again.content_hash
    assert same.content_hash != other.content_hash
    assert load_bars(DataConfig(source=kind)).content_hash == load_bars(DataConfig(source=f"{kind}:0")).content_hash


@pytest.mark.parametrize("source", ["eurusd_1", "planted_1h:x", "nowhere/eurusd.csv"])
def test_an_unknown_source_names_the_sets(source: str):
    with pytest.raises(DataError, match="named sets are eurusd_1h, btcusd_1m, btcusd_book_1m, planted_1h, shuffled_1h"):
        load_bars(DataConfig(source=source))


def test_a_mistyped_path_names_the_file_beside_it(tmp_path: Path):
    (tmp_path / "gbpusd_1h.csv").touch()
    with pytest.raises(DataError, match=r"Did you mean .*gbpusd_1h\.csv"):
        load_bars(DataConfig(source=str(tmp_path / "gbpusd_h1.csv")))


def test_a_folder_is_not_a_file(tmp_path: Path):
    with pytest.raises(DataError, match="is a folder"):
        load_bars(DataConfig(source=str(tmp_path)))


def test_generated_bars_have_no_spread_column():
    with pytest.raises(DataError, match=r"planted_1h:1 has no column 'spread'"):
        load_bars(DataConfig(source="planted_1h:1", spread_column="spread"))
