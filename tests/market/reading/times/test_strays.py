"""Bars far from all others are found, and change nothing in the bars per year."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.market.reading.times.strays import stray_bars
from fxai.market.timestamps.calendar import bars_per_year

_YEAR = np.timedelta64(31_557_600, "s")
HONEST: dict[str, pd.Index] = {
    "crypto, minutes": pd.date_range("2023-01-01", periods=5000, freq="min"),
    "crypto, days": pd.date_range("2015-01-01", periods=3000, freq="D"),
    "shares, days": pd.bdate_range("1990-01-01", "2020-01-01"),
    "shares, half hours": pd.DatetimeIndex(
        [
            day + pd.Timedelta(minutes=570 + 30 * bar)
            for day in pd.bdate_range("2023-01-01", periods=200)
            for bar in range(13)
        ]
    ),
    "FX, hours": pd.DatetimeIndex(
        [each for each in pd.date_range("2023-01-01", periods=9000, freq="h") if each.day_of_week < 5]
    ),
    "months": pd.date_range("1980-01-01", periods=400, freq="MS"),
    "years": pd.date_range("1980-01-01", periods=40, freq="YS"),
    "a year left out": pd.date_range("2020-01-01", periods=5000, freq="h").append(
        pd.date_range("2022-01-01", periods=5000, freq="h")
    ),
    "few bars": pd.DatetimeIndex(["1990-01-01", "2020-01-01", "2020-01-02"]),
}


def as_array(moments: pd.Index) -> np.ndarray:
    return moments.to_numpy().astype("datetime64[ns]")


@pytest.mark.parametrize("kind", HONEST)
def test_honest_bars_are_not_stray(kind: str):
    time = as_array(HONEST[kind])
    assert not stray_bars(time).any()
    assert bars_per_year(time) == (len(time) - 1) / ((time[-1] - time[0]) / _YEAR)


@given(
    kind=st.sampled_from([kind for kind in HONEST if kind not in {"few bars", "years", "a year left out"}]),
    strays=st.lists(st.integers(0, 700), min_size=1, max_size=3, unique=True),
)
def test_a_few_stray_times_change_nothing(kind: str, strays: list[int]):
    time = as_array(HONEST[kind])
    months = np.datetime64("1970-01-01", "M") + np.array(strays)
    far = np.abs(months.astype("datetime64[ns]")[:, None] - time[[0, -1]]).min(axis=1) > np.timedelta64(400, "D")
    wrong = months.astype("datetime64[ns]")[far]
    wrong = wrong[(wrong < time[0]) | (wrong > time[-1])]
    mixed = np.sort(np.append(time, wrong))
    np.testing.assert_array_equal(mixed[stray_bars(mixed)], np.sort(wrong))
    assert bars_per_year(mixed) == bars_per_year(time)
