"""`fxai data describe`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.conftest import Fxai


def test_the_default_is_real_eurusd(fxai: Fxai) -> None:
    out = fxai("data", "describe").out
    assert out.startswith("eurusd_1h\nBars ")
    assert "2017-01-01 22:00 to 2017-12-29 21:00 UTC" in out
    assert "1h 00m" in out
    assert all(f"│ {split} " in out for split in ("train", "validation", "test"))


def test_a_file_with_a_gap_and_a_duplicate(fxai: Fxai, folder: Path) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    hours = [*range(10), 9, *range(14, 20)]
    rows = "".join(f"{start + timedelta(hours=hour):%Y-%m-%d %H:%M},1,2,1,1\n" for hour in hours)
    (folder / "bars.csv").write_text("time,open,high,low,close\n" + rows)
    found = json.loads(fxai("data", "describe", "bars.csv", "--json").out)
    assert found["bars"] == 16
    assert found["duplicates_dropped"] == 1
    assert found["gaps"]["others"] == 1
    assert found["gaps"]["largest_other_seconds"] == 5 * 3600
    assert found["splits"] == []
    assert "Not usable for training:" in fxai("data", "describe", "bars.csv").out
