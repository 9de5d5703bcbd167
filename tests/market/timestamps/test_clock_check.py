"""The clock of a file is checked by the hours of its market."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.times.zones import clock_of, utc_or_nat, zone_of
from fxai.market.timestamps.clock_check import clock_warning
from fxai.spec.fields.data_config import DataConfig

NEW_YORK = "America/New_York"


def currencies(freq: str = "1h", start: str = "2022-01-02", weeks: int = 60) -> np.ndarray:
    """Times in UTC from Sunday 17:00 to Friday 17:00 in New York."""
    clock = pd.date_range(start, periods=weeks * 7 * 24 * (pd.Timedelta("1h") // pd.Timedelta(freq)), freq=freq)
    hour, day = clock.hour, clock.day_of_week
    is_open = (day < 4) | ((day == 4) & (hour < 17)) | ((day == 6) & (hour >= 17))
    return in_utc(clock[is_open], NEW_YORK)


def metals() -> np.ndarray:
    local = pd.DatetimeIndex(clock_of(currencies("15min"), zone_of(NEW_YORK)))
    return in_utc(local[local.hour != 17], NEW_YORK)


def in_utc(clock: pd.DatetimeIndex, zone: str) -> np.ndarray:
    found = utc_or_nat(clock.to_numpy().astype("datetime64[ns]"), zone_of(zone))
    return np.unique(found[~np.isnat(found)])


def read_as(time: np.ndarray, true: str, zone: str) -> np.ndarray:
    """Times in UTC of bars whose clock is `true` and which are read in `zone`."""
    return in_utc(pd.DatetimeIndex(clock_of(time, zone_of(true))), zone)


@pytest.mark.parametrize("market", [currencies, metals])
@pytest.mark.parametrize(
    ("true", "zone"),
    [
        ("New York+7", "UTC"),
        ("New York+7", "Europe/Berlin"),
        ("New York+7", "Europe/Athens"),
        ("UTC", "New York+7"),
        ("UTC", "Europe/London"),
        ("UTC-5", "UTC"),
        ("America/New_York", "UTC"),
    ],
)
def test_a_wrong_zone_is_named_with_the_right_one(market: Callable[[], np.ndarray], true: str, zone: str):
    found = clock_warning(read_as(market(), true, zone), zone)
    assert found is not None
    assert f"by data.timezone {zone}; with data.timezone: '{true}' it would be Sunday 1" in found


def test_the_message_says_what_the_file_shows():
    found = clock_warning(read_as(currencies(), "New York+7", "UTC"), "UTC")
    assert found is not None
    assert "weeks the first bar opens at Monday 00:00 in the file's time" in found
    assert "with data.timezone: 'New York+7' it would be Sunday 17:00 in New York" in found


def test_times_with_a_wrong_zone_of_their_own_are_named():
    found = clock_warning(read_as(currencies(), "New York+7", "UTC"), None)
    assert found is not None
    assert "seem to be those of the clock New York+7" in found


@pytest.mark.parametrize("market", [currencies, metals])
@pytest.mark.parametrize("zone", ["UTC", "New York+7", "Europe/London", None])
def test_the_right_zone_is_not_warned_of(market: Callable[[], np.ndarray], zone: str | None):
    assert clock_warning(market(), zone) is None


def sessions() -> np.ndarray:
    days = pd.bdate_range("2022-01-03", periods=200)
    return np.concatenate([day + pd.timedelta_range("9h", "15h", freq="30min") for day in days.to_numpy()])


OTHERS = {
    "shipped": lambda: load_bars(DataConfig()).time,
    "crypto": lambda: pd.date_range("2022-01-01", periods=5000, freq="h").to_numpy(),
    "days": lambda: pd.bdate_range("2020-01-01", periods=500).to_numpy(),
    "four hours": lambda: currencies()[::4],
    "shares": sessions,
    "three weeks": lambda: read_as(currencies(weeks=3), "New York+7", "UTC"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_markets_are_not_checked(kind: str):
    assert clock_warning(OTHERS[kind]().astype("datetime64[ns]"), "UTC") is None
