"""Features of higher time frames."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.features.features import features
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig

FRAMES = {
    "4h": {"return_horizons": [1, 4], "volatility_windows": [3], "bar_range": True, "volume": True},
    "1d": {"momentum_windows": [2], "return_horizons": [1]},
}
NOTHING = {
    "return_horizons": [],
    "volatility_windows": [],
    "momentum_windows": [],
    "bar_range": False,
    "volume": False,
    "time": False,
}
ARRAYS = ("time", "open", "high", "low", "close", "volume")
EURUSD = load_bars(DataConfig())


def config(timeframes: dict[str, Any] | None = None) -> DataConfig:
    found = {**NOTHING, "timeframes": FRAMES if timeframes is None else timeframes}
    return DataConfig.model_validate({"resample": "1h", "features": found})


def part(bars: Bars, chosen: Any) -> Bars:
    return replace(bars, **{name: getattr(bars, name)[chosen] for name in ARRAYS if getattr(bars, name) is not None})


def disturbed_after(bars: Bars, row: int, seed: int) -> Bars:
    """Other prices, volumes and times of all bars after a row."""
    random = np.random.default_rng(seed)
    arrays = {name: getattr(bars, name).copy() for name in ARRAYS}
    for name in ARRAYS[1:]:
        arrays[name][row + 1 :] *= np.exp(random.normal(scale=0.5, size=len(bars) - row - 1))
    steps = random.integers(1, 400, len(bars) - row - 1) * np.timedelta64(1, "h")
    arrays["time"][row + 1 :] = bars.time[row] + np.cumsum(steps)
    return replace(bars, **arrays)


@settings(max_examples=40, deadline=None)
@given(row=st.integers(140, 798), seed=st.integers(0, 2**32 - 1), gaps=st.integers(0, 200))
def test_no_row_depends_on_later_bars(row: int, seed: int, gaps: int) -> None:
    """Also where bars are missing: the rows are equal to the bit with all later bars disturbed, or cut off."""
    kept = np.sort(np.random.default_rng(seed).choice(np.arange(1000), 1000 - gaps, replace=False))
    bars = part(EURUSD, kept)
    before = features(bars, config()).values
    np.testing.assert_array_equal(
        before[: row + 1], features(disturbed_after(bars, row, seed), config()).values[: row + 1]
    )
    np.testing.assert_array_equal(before[: row + 1], features(part(bars, slice(row + 1)), config()).values)


@settings(max_examples=40, deadline=None)
@given(first=st.integers(0, 400), seed=st.integers(0, 2**32 - 1), gaps=st.integers(0, 200))
def test_a_row_depends_on_the_bars_of_the_window_only(first: int, seed: int, gaps: int) -> None:
    """Computed from the window and its bar alone, which an agent needs for one observation, a row is the same."""
    kept = np.sort(np.random.default_rng(seed).choice(np.arange(1000), 1000 - gaps, replace=False))
    bars, window = part(EURUSD, kept), config().longest_window()
    table = features(bars, config())
    alone = features(part(bars, slice(first, first + window + 1)), config())
    assert alone.warm_up == window == 102
    np.testing.assert_array_equal(alone.values[-1], table.values[first + window])


def test_a_bar_of_four_hours_is_seen_from_its_last_bar_on() -> None:
    bars = synthetic_market(seed=0, bars=400)
    start = int(np.argmax((bars.time.astype("datetime64[h]").astype(int) % 4 == 0) & (np.arange(400) > 50)))
    table = features(bars, config({"4h": {"return_horizons": [1], "bar_range": True}}))
    value = {name: table.values[:, column] for column, name in enumerate(table.names)}
    close, last = bars.close, start + 3
    assert value["4h_return_1"][last] == pytest.approx(np.log(close[last] / close[last - 4]))
    assert value["4h_return_1"][last - 1] == pytest.approx(np.log(close[last - 4] / close[last - 8]))
    highest, lowest = bars.high[start : last + 1].max(), bars.low[start : last + 1].min()
    assert value["4h_range"][last + 3] == pytest.approx((highest - lowest) / close[last])


def test_a_bar_without_its_last_part_is_seen_when_it_has_ended() -> None:
    """Without the bar from 3:00 to 4:00 nobody knows at 3:00 that the bar of four hours is over."""
    whole = synthetic_market(seed=0, bars=400)
    hours = whole.time.astype("datetime64[h]").astype(int)
    start = int(np.argmax((hours % 4 == 0) & (np.arange(400) > 50)))
    bars = part(whole, np.delete(np.arange(400), start + 3))
    (values,) = features(bars, config({"4h": {"return_horizons": [1]}})).values.T
    assert values[start + 2] == values[start - 1]
    assert values[start + 3] == pytest.approx(np.log(bars.close[start + 2] / bars.close[start - 1]))


def test_names_and_order() -> None:
    names = features(EURUSD, config()).names
    assert names[:6] == ("4h_return_1", "4h_return_4", "4h_volatility_3", "4h_range", "4h_close_location", "4h_volume")
    assert names[6:] == ("1d_return_1", "1d_momentum_2")


def test_bars_closer_than_their_length_are_refused() -> None:
    bars = synthetic_market(seed=0, bars=400)
    close = replace(bars, time=bars.time[0] + np.arange(400) * np.timedelta64(1, "m"))
    with pytest.raises(DataError, match=r"the time frame 4h has too few closed bars .* closer than data.resample 1h"):
        features(close, config({"4h": {"return_horizons": [1]}}))
