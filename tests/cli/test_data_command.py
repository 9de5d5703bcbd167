"""`fxai data describe`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.conftest import Fxai
from instrument_bars import write_instruments


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


def test_a_clock_that_does_not_fit_is_warned_of(fxai: Fxai, folder: Path) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday
    hours = [start + timedelta(weeks=week, hours=hour) for week in range(8) for hour in range(120)]
    rows = "".join(f"{hour:%m/%d/%Y %H:%M},1,2,1,1\n" for hour in hours)
    (folder / "broker.csv").write_text("time,open,high,low,close\n" + rows)
    out = fxai("data", "describe", "broker.csv").out
    assert "Warning: in 7 of 7 weeks" in out
    assert "with data.timezone: 'New York+7' it would be Sunday 17:00 in New York" in " ".join(out.split())
    assert "Warning" not in fxai("data", "describe", "broker.csv", "--timezone", "New York+7").out
    found = json.loads(fxai("data", "describe", "broker.csv", "--date-format", "%m/%d/%Y %H:%M", "--json").out)
    assert found["clock_warning"].startswith("in 7 of 7 weeks")
    assert (found["time_form"], found["timezone"]) == ("text", "UTC")


def test_a_stray_time_is_named_with_its_row(fxai: Fxai, folder: Path) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    hours = [*(start + timedelta(hours=hour) for hour in range(500)), datetime(1999, 1, 1, tzinfo=UTC)]
    rows = "".join(f"{hour:%Y-%m-%d %H:%M},1,2,1,1\n" for hour in hours)
    (folder / "bars.csv").write_text("time,open,high,low,close\n" + rows)
    found = json.loads(fxai("data", "describe", "bars.csv", "--json").out)
    assert found["bars_per_year"] == 24 * 365.25
    assert [note["first_rows"] for note in found["notes"] if note["subject"] == "stray times"] == [[502]]
    assert "Note: 1999-01-01 00:00 is far from the times of the other bars" in fxai("data", "describe", "bars.csv").out


def test_columns_decimal_sign_and_length_are_options(fxai: Fxai, folder: Path) -> None:
    rows = "".join(f"{hour:02d}.01.2024 00:00;1,{hour:02d};1,5;1;1,25\n" for hour in range(1, 21))
    (folder / "export.csv").write_text("Datum;Anfang;Hoch;Tief;Ende\n" + rows)
    columns = ("time=Datum", "open=2", "high=Hoch", "low=Tief", "close=5")
    options = [word for column in columns for word in ("--column", column)]
    found = json.loads(
        fxai("data", "describe", "export.csv", *options, "--decimal", ",", "--resample", "2d", "--json").out
    )
    assert found["columns"] == {"time": "Datum", "open": "Anfang", "high": "Hoch", "low": "Tief", "close": "Ende"}
    assert found["bar_seconds"] == 2 * 86_400
    assert [note["subject"] for note in found["notes"]] == ["numbers", "resample"]


def test_bars_of_a_named_set_are_made_longer(fxai: Fxai) -> None:
    found = json.loads(fxai("data", "describe", "eurusd_1h", "--resample", "4h", "--json").out)
    assert (found["bar_seconds"], found["prices"]["lowest"]) == (4 * 3600, 1.03405)


def test_the_rows_of_one_instrument_are_described(fxai: Fxai, folder: Path) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(40)]
    rows = "".join(f"{hour:%Y-%m-%d %H:%M},1,2,1,1,{coin}\n" for hour in hours for coin in ("BTC", "ETH"))
    (folder / "coins.csv").write_text("time,open,high,low,close,coin\n" + rows)
    refused = fxai("data", "describe", "coins.csv")
    assert refused.code == 2
    assert "in the column 'coin': BTC, ETH; choose one with data.instrument: BTC" in " ".join(refused.err.split())
    found = json.loads(fxai("data", "describe", "coins.csv", "--instrument", "ETH", "--json").out)
    assert (found["bars"], found["notes"][0]["subject"]) == (40, "instrument")


def test_the_spread_and_the_rules_of_a_spec_are_options(fxai: Fxai, folder: Path) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = "".join(f"{start + timedelta(hours=hour):%Y-%m-%d %H:%M},1.10001,2,1,1.1,20\n" for hour in range(40))
    (folder / "bars.csv").write_text(
        "time,open,high,low,close,<SPREAD>\n" + rows + rows.split("\n")[0].replace("1.10001", "1.20001")
    )
    assert "rows 2 and 42 have the time 2024-01-01 00:00:00 UTC" in " ".join(
        fxai("data", "describe", "bars.csv").err.split()
    )
    drop = ("data", "describe", "bars.csv", "--clean", "repeated=drop", "--json")
    assert json.loads(fxai(*drop, "--spread-unit", "1e-5").out)["prices"]["mean_spread"] == pytest.approx(20e-5)
    assert json.loads(fxai(*drop, "--spread-column", "null").out)["prices"]["mean_spread"] is None
    wrong = fxai("data", "describe", "bars.csv", "--clean", "spikes=maybe")
    assert wrong.code == 2
    assert "spikes=keep|refuse|drop" in " ".join(wrong.err.split())
    assert "--spread-unit '-1' must be auto or a number above 0" in fxai(*drop, "--spread-unit", "-1").err


def test_several_instruments_are_one_table_with_their_common_splits(fxai: Fxai, folder: Path) -> None:
    write_instruments(folder / "bars")
    out = fxai("data", "describe", "bars", "--instruments", "all").out
    assert "train before 2023-01-27 00:00, validation before 2023-02-04 08:00, test after it" in " ".join(out.split())
    assert all(f"│ {name} " in out for name in ("AUD", "EUR", "JPY"))
    found = json.loads(fxai("data", "describe", "bars", "--instruments", "EUR,JPY", "--json").out)
    assert [found["instruments"][name]["bars"] for name in ("EUR", "JPY")] == [1000, 800]
    as_mapping = fxai("data", "describe", "{EUR: bars/EUR.csv, JPY: bars/JPY.csv}", "--json").out
    assert json.loads(as_mapping)["sha256"] == found["sha256"]


def test_instruments_that_do_not_fit_together_are_shown_with_the_reason(fxai: Fxai, folder: Path) -> None:
    write_instruments(folder)
    rows = Path("EUR.csv").read_text().splitlines()
    Path("EUR.csv").write_text("\n".join([rows[0], *rows[1::4]]))
    out = fxai("data", "describe", "{EUR: EUR.csv, JPY: JPY.csv}").out
    assert "Not usable for training: instrument JPY has bars of 1h 00m, and instrument EUR of 4h 00m" in out


def test_options_of_instruments_that_do_not_fit_together(fxai: Fxai) -> None:
    finished = fxai("data", "describe", "--instruments", "all")
    assert finished.code == 2
    assert "data: eurusd_1h has one instrument" in finished.err
    assert "data.source.A: must be a valid string" in fxai("data", "describe", "{A: [1]}").err
