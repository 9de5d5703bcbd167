"""The exact test of a function: later bars, state, and the declared window."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.check_function import check_function
from fxai.market.leaks.findings import LeakKind, LeakReport
from market.leaks.leaking_columns import later, log_return, mean_of_last, small_market

BARS = small_market()


def checked(column: Callable[[Bars], FloatArray], window: int | None = None) -> LeakReport:
    return check_function(BARS, lambda bars: {"x": column(bars)}, window=window)


def exponential_mean(bars: Bars) -> FloatArray:
    mean = log_return(bars)
    for t in range(1, len(mean)):
        mean[t] = 0.7 * mean[t - 1] + 0.3 * mean[t]
    return mean


def by_fourier(bars: Bars) -> FloatArray:
    """Mean of the last eight returns, by a transform whose rounding depends on the number of bars."""
    size = 2 * len(bars) + 8
    kernel = np.fft.rfft(np.full(8, 1 / 8), size)
    return np.fft.irfft(np.fft.rfft(log_return(bars), size) * kernel, size)[: len(bars)]


HONEST: Mapping[str, Callable[[Bars], FloatArray]] = {
    "return": log_return,
    "mean": lambda bars: mean_of_last(bars.close, 10) / bars.close - 1,
    "exponential mean": exponential_mean,
    "rounding": by_fourier,
    "single precision": lambda bars: bars.close.astype(np.float32).astype(np.float64),
    "hour": lambda bars: (bars.time - bars.time.astype("datetime64[D]")) / np.timedelta64(1, "h"),
    "constant": lambda bars: np.ones(len(bars)),
    "missing before its window": lambda bars: np.where(np.arange(len(bars)) < 20, np.nan, bars.close),
    "seeded noise": lambda bars: np.random.default_rng(1).normal(size=1000)[: len(bars)],
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_function_has_no_finding(name: str) -> None:
    report = checked(HONEST[name])
    assert report.findings == ()
    assert report.tested == ("x",)
    assert report.untested == ()


def daily_close(bars: Bars) -> FloatArray:
    """The last close of the bar's day."""
    day = bars.time.astype("datetime64[D]")
    return bars.close[np.searchsorted(day, day, side="right") - 1]


def filled_backwards(bars: Bars) -> FloatArray:
    """A mean over 20 bars; the first rows take the value of row 19."""
    return np.concatenate([np.full(min(19, len(bars)), bars.close[:20].mean()), mean_of_last(bars.close, 20)[19:]])


LEAKS: Mapping[str, tuple[Callable[[Bars], FloatArray], int | None]] = {
    "next return": (lambda bars: later(log_return(bars)), 1),
    "in three bars": (lambda bars: later(bars.close, 3), 3),
    "centred mean": (lambda bars: (later(bars.close) + bars.close) / 2, 1),
    "scaled": (lambda bars: bars.close / bars.close.std(), None),
    "rank": (lambda bars: np.argsort(np.argsort(bars.close)) / len(bars), None),
    "close of the day": (daily_close, None),
    "filled backwards": (filled_backwards, None),
    "next volume": (lambda bars: later(np.zeros(len(bars)) if bars.volume is None else bars.volume), 1),
    "next spread": (lambda bars: later(np.zeros(len(bars)) if bars.spread is None else bars.spread, 2), 2),
    "bars that are left": (lambda bars: np.arange(len(bars), 0.0, -1), None),
    "missing at the end": (lambda bars: np.where(np.arange(len(bars)) < len(bars) - 1, bars.close, np.nan), None),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_function_that_uses_later_bars_is_found(name: str) -> None:
    column, ahead = LEAKS[name]
    (finding,) = checked(column).findings
    assert (finding.column, finding.kind) == ("x", LeakKind.LATER_BARS)
    assert finding.is_error
    assert finding.bar is not None
    assert finding.time == BARS.time[finding.bar]
    if ahead is not None:
        assert finding.bars == ahead


def test_a_statistic_of_all_bars_is_called_so() -> None:
    assert "statistic of all bars" in checked(lambda bars: bars.close - bars.close.mean()).findings[0].text
    assert "only the next 3 bars change" in checked(LEAKS["in three bars"][0]).findings[0].text
    assert "when later bars are left out" in checked(LEAKS["bars that are left"][0]).findings[0].text


def test_only_the_column_that_leaks_is_named() -> None:
    report = check_function(BARS, lambda bars: {"good": log_return(bars), "bad": later(log_return(bars))})
    assert [finding.column for finding in report.findings] == ["bad"]
    assert report.tested == ("good", "bad")


def test_a_random_function_is_named_as_such() -> None:
    rng = np.random.default_rng()
    (finding,) = checked(lambda bars: rng.normal(size=len(bars))).findings
    assert finding.kind is LeakKind.NOT_REPEATABLE
    assert "random" in finding.text


class FittedOnce:
    """Subtracts the mean of the bars of its first call from each close."""

    def __init__(self) -> None:
        self.mean: float | None = None

    def __call__(self, bars: Bars) -> dict[str, FloatArray]:
        self.mean = float(bars.close.mean()) if self.mean is None else self.mean
        return {"x": bars.close - self.mean}


def test_statistics_kept_from_the_first_call_are_found_in_a_new_copy() -> None:
    assert check_function(BARS, FittedOnce()).findings == ()
    (finding,) = check_function(BARS, FittedOnce(), fresh=FittedOnce()).findings
    assert finding.kind is LeakKind.NOT_REPEATABLE
    assert "state" in finding.text


def test_the_bars_of_a_call_are_copies() -> None:
    def changes_its_bars(bars: Bars) -> dict[str, FloatArray]:
        bars.close[:] = np.cumsum(bars.close)
        return {"x": bars.close.copy()}

    before = BARS.close.copy()
    assert check_function(BARS, changes_its_bars).findings == ()
    assert np.array_equal(BARS.close, before)


@pytest.mark.parametrize(("column", "needed"), [("mean", 9), ("return", 1)])
def test_a_window_that_is_too_short_is_found(column: str, needed: int) -> None:
    assert checked(HONEST[column], window=needed).findings == ()
    (finding,) = checked(HONEST[column], window=needed - 1).findings
    assert (finding.kind, finding.bars) == (LeakKind.WINDOW, needed)
    assert not finding.is_error


def test_the_rest_of_an_exponential_mean_is_allowed_after_its_window() -> None:
    assert checked(exponential_mean, window=40).findings == ()
    assert checked(exponential_mean, window=4).findings[0].kind is LeakKind.WINDOW
    assert checked(lambda bars: np.cumsum(log_return(bars)), window=50).findings[0].kind is LeakKind.WINDOW


def test_parts_that_the_function_refuses_are_left_out() -> None:
    def needs_many(least: int) -> Callable[[Bars], FloatArray]:
        def column(bars: Bars) -> FloatArray:
            if len(bars) < least:
                raise ValueError("too few bars")
            return later(bars.close)

        return column

    assert checked(needs_many(100)).findings[0].bars == 1
    assert checked(needs_many(len(BARS))).findings[0].bars == 1  # by changed bars

    def refuses_all_but_the_first(bars: Bars) -> FloatArray:
        if not np.array_equal(bars.close, BARS.close):
            raise ValueError("unknown bars")
        return bars.close

    report = checked(refuses_all_but_the_first)
    assert report.findings == ()
    assert report.untested[0][0] == "x"


def test_an_error_with_all_bars_is_passed_on() -> None:
    def fails(bars: Bars) -> FloatArray:
        raise ValueError(f"no {len(bars)} bars")

    with pytest.raises(ValueError, match="no 400 bars"):
        checked(fails)
