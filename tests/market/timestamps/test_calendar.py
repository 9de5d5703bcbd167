import numpy as np
import pandas as pd
import pytest

from fxai.market.reading.read_bars import load_bars
from fxai.market.timestamps.calendar import bar_length, bars_per_year, find_gaps, nights_held
from fxai.spec.fields.data_config import DataConfig

HOUR = np.timedelta64(1, "h")


def hours(start: str, stop: str) -> np.ndarray:
    return np.arange(np.datetime64(start, "ns"), np.datetime64(stop, "ns"), HOUR)


def test_eurusd_has_weekends_and_christmas():
    time = load_bars(DataConfig()).time
    gaps = find_gaps(time)
    assert bar_length(time) == HOUR
    assert (gaps.weekends, gaps.others) == (51, 1)
    assert gaps.largest_other == np.timedelta64(15, "h")
    assert str(gaps.largest_other_after)[:13] == "2017-12-25T07"


def test_a_year_has_the_bars_that_the_market_was_open_for():
    assert bars_per_year(hours("2019-01-01", "2021-01-01")) == pytest.approx(365.25 * 24)
    assert bars_per_year(load_bars(DataConfig()).time) == pytest.approx(6225 * 365.25 / 362, rel=0.001)
    days = pd.bdate_range("2010-01-01", "2020-01-01").to_numpy().astype("datetime64[ns]")
    assert bars_per_year(days) == pytest.approx(365.25 * 5 / 7, rel=0.001)


def test_daily_bars_of_a_stock_have_weekends_only():
    days = pd.bdate_range("2017-01-02", "2017-12-29").to_numpy().astype("datetime64[ns]")
    gaps = find_gaps(days)
    assert (gaps.weekends, gaps.others, gaps.largest_other) == (51, 0, None)


def test_a_week_away_is_no_weekend():
    time = np.concatenate([hours("2017-03-01", "2017-03-10"), hours("2017-03-20", "2017-03-22")])
    assert (find_gaps(time).weekends, find_gaps(time).others) == (0, 1)


def test_a_missing_weekday_night_is_no_weekend():
    time = np.concatenate([hours("2017-03-07", "2017-03-08"), hours("2017-03-09", "2017-03-10")])
    gaps = find_gaps(time)
    assert (gaps.weekends, gaps.others, gaps.largest_other) == (0, 1, 25 * HOUR)


@pytest.mark.parametrize(("day", "rollover"), [("2017-01-10", 22), ("2017-07-11", 21)])
def test_a_night_is_held_when_new_york_strikes_five(day: str, rollover: int):
    nights = nights_held(hours(f"{day}T00", f"{day}T23"))
    assert np.flatnonzero(nights).tolist() == [rollover - 1]  # the bar that is held up to that open
    assert nights.sum() == 1


def test_a_bar_that_opens_at_the_rollover_has_it_behind():
    time = np.array(["2017-01-10T22:00", "2017-01-10T23:00"], dtype="datetime64[ns]")
    assert nights_held(time).tolist() == [0, 0]


def test_a_weekend_is_three_nights_and_a_week_seven():
    time = load_bars(DataConfig()).time
    nights = nights_held(time)
    friday = int(np.flatnonzero(time == np.datetime64("2017-01-06T21:00"))[0])
    assert nights[friday] == 3
    assert nights[friday : friday + 120].sum() == 7
    assert nights[-1] == 0


def test_daily_bars_hold_a_night_each():
    days = np.arange("2017-01-01", "2017-03-01", dtype="datetime64[D]").astype("datetime64[ns]")
    assert (nights_held(days)[:-1] == 1).all()
