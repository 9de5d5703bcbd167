"""Clocks of files: names of zones, round trips, and the hours at which clocks change."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.reading.times.cells import Cells
from fxai.market.reading.times.zones import clock_of, utc_of, zone_of

NAMES = ("UTC", "Europe/Berlin", "New York+7", "America/New_York", "+02:00", "UTC+3", "GMT-5", "-0530", "Athens")


def cells(clock: np.ndarray) -> Cells:
    table = pd.DataFrame({"time": pd.Series(clock).astype(str)})
    table.index = pd.RangeIndex(2, len(table) + 2)
    return Cells.of(table, "time", "bars.csv")


def in_utc(clock: np.ndarray, name: str) -> np.ndarray:
    return utc_of(clock, zone_of(name), cells(clock))[0]


def hours(start: str, count: int) -> np.ndarray:
    return pd.date_range(start, periods=count, freq="h").to_numpy().astype("datetime64[ns]")


@pytest.mark.parametrize(
    ("name", "january", "july"),
    [
        ("UTC", 0, 0),
        ("+02:00", 2, 2),
        ("UTC+3", 3, 3),
        ("GMT -5", -5, -5),
        ("Europe/Berlin", 1, 2),
        ("New York", -5, -4),
        ("New York+7", 2, 3),
        ("America/New_York +7", 2, 3),
        ("Etc/GMT+3", -3, -3),
    ],
)
def test_a_clock_is_ahead_of_utc(name: str, january: int, july: int):
    time = np.array(["2023-01-10T12", "2023-07-10T12"], "datetime64[ns]")
    ahead = clock_of(time, zone_of(name)) - time
    assert (ahead / np.timedelta64(1, "h")).tolist() == [january, july]


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "+25:00", "New York+x", "Nowhere+7"])
def test_what_is_no_zone_is_refused(name: str):
    with pytest.raises(DataError, match=r"is not a time zone; write one such as .* New York\+7"):
        zone_of(name)


def test_the_broker_clock_follows_new_york_and_not_athens():
    opens = np.array(["2023-03-05T22", "2023-03-12T21", "2023-03-19T21", "2023-03-26T21", "2023-04-02T21"], "M8[ns]")
    assert set(clock_of(opens, zone_of("New York+7")).astype("datetime64[h]").astype(int) % 24) == {0}
    assert set(clock_of(opens, zone_of("Europe/Athens")).astype("datetime64[h]").astype(int) % 24) == {0, 23}


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(NAMES), start=st.integers(0, 480_000), count=st.integers(2, 3000), newest=st.booleans())
def test_hours_without_gaps_come_back_from_any_clock(name: str, start: int, count: int, *, newest: bool):
    time = (start + np.arange(count)).astype("datetime64[h]").astype("datetime64[ns]")
    clock = clock_of(time, zone_of(name))
    if newest:
        time, clock = time[::-1], clock[::-1]
    found = in_utc(clock, name)
    # The first and last hours may be one half of an hour that occurs twice, which nothing shows.
    np.testing.assert_array_equal(found[1:-1], time[1:-1])


def test_an_hour_that_occurs_twice_is_split_where_the_clock_goes_back():
    quarters = pd.date_range("2023-11-05 05:00", periods=12, freq="15min").to_numpy().astype("datetime64[ns]")
    clock = clock_of(quarters, zone_of("America/New_York"))
    for order in (slice(None), slice(None, None, -1)):
        found, notes = utc_of(clock[order], zone_of("America/New_York"), cells(clock[order]))
        np.testing.assert_array_equal(found, quarters[order])
        assert notes[0].rows == 8


def test_an_hour_that_is_there_once_is_the_first_one():
    clock = np.array(["2023-11-05T00", "2023-11-05T01", "2023-11-05T02"], "datetime64[ns]")
    found, notes = utc_of(clock, zone_of("America/New_York"), cells(clock))
    assert (found - clock).astype("timedelta64[h]").astype(int).tolist() == [4, 4, 5]
    assert notes[0].first_rows == (3,)


def test_both_hours_in_disorder_are_refused():
    time = pd.date_range("2023-11-05 03:00", periods=6, freq="h").to_numpy().astype("datetime64[ns]")
    clock = clock_of(time, zone_of("America/New_York"))[[2, 0, 1, 4, 3, 5]]
    with pytest.raises(DataError, match=r"rows [2-7], [2-7] are in an hour that occurs twice"):
        in_utc(clock, "America/New_York")


def test_an_hour_that_does_not_exist_is_refused_by_row():
    with pytest.raises(
        DataError, match=r"row 4: .* does not exist in America/New_York.*data\.timezone is probably wrong"
    ):
        in_utc(hours("2023-03-12 00:00", 4), "America/New_York")


def test_the_broker_clock_has_no_gaps_or_repeats_while_the_market_is_open():
    time = hours("2023-01-01 22:00", 24 * 365)
    local = clock_of(time, zone_of("New York+7"))
    is_open = pd.DatetimeIndex(local).day_of_week < 5
    found, notes = utc_of(local[is_open], zone_of("New York+7"), cells(local[is_open]))
    np.testing.assert_array_equal(found, time[is_open])
    assert notes == ()


@settings(max_examples=100, deadline=None)
@given(order=st.permutations(range(8)), change=st.sampled_from(["2023-11-05 03:00", "2023-07-05 03:00"]))
def test_rows_in_another_order_give_other_times_only_with_a_word(order: list[int], change: str):
    time = pd.date_range(change, periods=8, freq="h").to_numpy().astype("datetime64[ns]")
    clock = clock_of(time, zone_of("America/New_York"))
    try:
        found, notes = utc_of(clock[order], zone_of("America/New_York"), cells(clock[order]))
    except DataError as error:
        assert "not in the order of time" in str(error)  # noqa: PT017 - one of two outcomes
        return
    assert notes or (found == time[order]).all()
