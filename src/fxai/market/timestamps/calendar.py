"""Properties of the bars' timestamps: bar length, bars per year, gaps, nights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import TimeArray
from fxai.market.reading.times.strays import stray_bars
from fxai.market.timestamps.wall_clock import wall_clock

_DAY = np.timedelta64(1, "D")
_GAP = 1.5  # bar lengths
_YEAR = np.timedelta64(31_557_600, "s")  # 365.25 days
_LONGEST_WEEKEND = np.timedelta64(4, "D")  # a weekend with holidays
_ROLLOVER_TO_MIDNIGHT = np.timedelta64(7, "h")  # from 17:00


@dataclass(frozen=True, slots=True)
class Gaps:
    """Steps between consecutive bars that are longer than one and a half bars."""

    weekends: int  # gaps of at most four days that include a Saturday
    others: int
    largest_other: np.timedelta64 | None  # between the opens of two bars
    largest_other_after: np.datetime64 | None  # open of the bar before the gap


def bar_length(time: TimeArray) -> np.timedelta64:
    """Median step between the opens of consecutive bars."""
    return np.timedelta64(int(np.median(np.diff(time).astype(np.int64))), "ns")


def bars_per_year(time: TimeArray) -> float:
    """Number of bars divided by elapsed time, so that closed hours and holidays are included.

    Bars whose time is far from all others are left out, so that one wrong time changes nothing.

    The number is too high for a sample of a few days without a weekend, and right within a few percent for a month or
    more.
    """
    typical = time[~stray_bars(time)]
    return float((len(typical) - 1) / ((typical[-1] - typical[0]) / _YEAR))


def find_gaps(time: TimeArray) -> Gaps:
    steps = np.diff(time)
    after = np.flatnonzero(steps / bar_length(time) > _GAP)
    last_open, next_open = time[after], time[after + 1]
    weekend = (steps[after] <= _LONGEST_WEEKEND) & _leaves_out_saturday(last_open, next_open)
    others = after[~weekend]
    if not others.size:
        return Gaps(int(weekend.sum()), 0, None, None)
    largest = others[np.argmax(steps[others])]
    return Gaps(int(weekend.sum()), len(others), steps[largest], time[largest])


def _leaves_out_saturday(last_open: TimeArray, next_open: TimeArray) -> NDArray[np.bool_]:
    """Whether a whole Saturday (UTC) is between two bars."""
    day = last_open.astype("datetime64[D]")
    saturday = np.busday_offset(day, 0, roll="forward", weekmask="Sat")
    return (saturday > day) & (saturday + _DAY <= next_open)


def nights_held(time: TimeArray) -> NDArray[np.int64]:
    """Number of nights [bar] charged for a position held from this bar's open to the next bar's open.

    A night is a rollover at 17:00 New York time after this open and not after the next open. Every calendar night
    counts once, so a weekend counts three nights. Brokers charge two of these on Wednesday instead, which has the same
    sum over a week. The last bar counts none.
    """
    local = wall_clock(time, "America/New_York")
    trading_day = (local + _ROLLOVER_TO_MIDNIGHT).astype("datetime64[D]").astype(np.int64)
    return np.diff(trading_day, append=trading_day[-1])
