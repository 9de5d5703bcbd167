"""The statistical test of columns."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.check_columns import FEWEST_ROWS, check_columns
from fxai.market.leaks.findings import LeakKind
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.synthetic_market import shuffled, synthetic_market, synthetic_positions
from fxai.spec.fields.data_config import DataConfig
from market.leaks.leaking_columns import later, log_return, mean_of_last

REAL = load_bars(DataConfig())
MARKETS = {"real": REAL, "planted": synthetic_market(4), "shuffled": shuffled(REAL, 4)}
Column = Callable[[Bars], FloatArray]


def noise(bars: Bars) -> FloatArray:
    return np.random.default_rng(9).normal(size=len(bars))


def daily_close(bars: Bars) -> FloatArray:
    day = bars.time.astype("datetime64[D]")
    return bars.close[np.searchsorted(day, day, side="right") - 1]


def day_before(bars: Bars) -> FloatArray:
    """The last close of the day before; NaN on the first day."""
    day = bars.time.astype("datetime64[D]")
    first = np.searchsorted(day, day)
    return np.where(first > 0, bars.close[first - 1], np.nan)


def direction_later(bars: Bars) -> FloatArray:
    """Whether the price is higher in 20 bars, as labels for learning are made."""
    return np.sign(later(bars.close, 20) - bars.close)


LEAKS: Mapping[str, Column] = {
    "next return": lambda bars: later(log_return(bars)),
    "its sign": lambda bars: np.sign(later(log_return(bars))),
    "next close": lambda bars: later(bars.close),
    "with noise": lambda bars: later(log_return(bars)) + 2 * log_return(bars).std() * noise(bars),
    "close of the day": daily_close,
    "mean around the bar": lambda bars: later(mean_of_last(bars.close, 11), 5),
    "label": direction_later,
    "next range": lambda bars: later(np.log(bars.high / bars.low)),
    "later volatility": lambda bars: later(mean_of_last(log_return(bars) ** 2, 20), 20),
    "five bars early": lambda bars: later(log_return(bars), 5),
    "whether it continues": lambda bars: np.sign(later(log_return(bars)) * log_return(bars)),
    "centred mean of logs": lambda bars: later(mean_of_last(np.log(bars.close), 41), 20),
    "codes of signs": lambda bars: np.where(later(log_return(bars)) > 0, 3.0, 7.0) + (noise(bars) > 0) * 10,
}
HONEST: Mapping[str, Column] = {
    "noise": noise,
    "random walk": lambda bars: np.cumsum(noise(bars)),
    "number of the bar": lambda bars: np.arange(len(bars), dtype=float),
    "return": log_return,
    "pattern": synthetic_positions,
    "price": lambda bars: bars.close,
    "mean": lambda bars: mean_of_last(bars.close, 50),
    "day before": day_before,
    "volatility": lambda bars: np.sqrt(mean_of_last(log_return(bars) ** 2, 30)),
    "hour": lambda bars: (bars.time - bars.time.astype("datetime64[D]")) / np.timedelta64(1, "h"),
}


@pytest.mark.parametrize("market", MARKETS)
def test_columns_of_later_bars_are_suspicious(market: str) -> None:
    bars = MARKETS[market]
    report = check_columns(bars, {name: column(bars) for name, column in LEAKS.items()})
    assert {finding.column for finding in report.findings} == LEAKS.keys()
    assert {finding.kind for finding in report.findings} == {LeakKind.SUSPICIOUS}
    assert not any(finding.is_error for finding in report.findings)
    assert all(finding.share is not None and finding.share > 0.02 for finding in report.findings)


@pytest.mark.parametrize("market", MARKETS)
def test_honest_columns_are_not_suspicious(market: str) -> None:
    bars = MARKETS[market]
    report = check_columns(bars, {name: column(bars) for name, column in HONEST.items()})
    assert report.findings == ()
    assert report.tested == tuple(HONEST)


def test_the_text_has_the_share_and_its_limit_and_no_verdict() -> None:
    (finding,) = check_columns(REAL, {"x": later(log_return(REAL))}).findings
    assert "explains 9" in finding.text
    assert "rarely explains 2.0%" in finding.text
    assert "leak" not in finding.text


def test_columns_that_cannot_be_tested_are_named_with_the_reason() -> None:
    few = np.full(len(REAL), np.nan)
    few[: FEWEST_ROWS // 2] = 1.0
    report = check_columns(REAL, {"constant": np.ones(len(REAL)), "few": few, "noise": noise(REAL)})
    assert report.tested == ("noise",)
    assert dict(report.untested)["constant"] == "it is constant"
    assert "values before the test split" in dict(report.untested)["few"]
    short = synthetic_market(1, 500)
    report = check_columns(short, {"noise": noise(short)})
    assert report.tested == ()
    assert "500 bars" in report.untested[0][1]


def test_bars_without_movement_accuse_nothing() -> None:
    count = 1500
    flat = np.ones(count)
    times = np.datetime64("2020-01-01", "ns") + np.arange(count) * np.timedelta64(1, "h")
    bars = Bars("flat", "", times, flat, flat, flat, flat)
    assert check_columns(bars, {"noise": noise(bars)}).findings == ()


def test_missing_values_are_left_out() -> None:
    column = later(log_return(REAL))
    column[::3] = np.nan
    assert check_columns(REAL, {"x": column}).findings[0].column == "x"
