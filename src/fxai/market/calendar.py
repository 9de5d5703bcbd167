"""What the timestamps of the bars say: their length, how many make a year, gaps, nights."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.market.bars import TimeArray

_DAY = np.timedelta64(1, "D")
_GAP = 1.5  # bar lengths
_YEAR = np.timedelta64(31_557_600, "s")  # 365.25 days
_LONGEST_WEEKEND = np.timedelta64(4, "D")  # with a holiday beside it
_ROLLOVER_TO_MIDNIGHT = pd.Timedelta(hours=7)  # from 17:00


@dataclass(frozen=True, slots=True)
class Gaps:
    """Steps between two bars that are longer than one and a half bars."""

    weekends: int  # that leave out a Saturday and last at most four days
    others: int
    largest_other: np.timedelta64 | None  # from one bar's open to the next one's
    largest_other_after: np.datetime64 | None  # open of the bar before it


def bar_length(time: TimeArray) -> np.timedelta64:
    """The median step from one bar's open to the next."""
    return np.timedelta64(int(np.median(np.diff(time).astype(np.int64))), "ns")


def bars_per_year(time: TimeArray) -> float:
    """Bars over elapsed time, so that closed hours and holidays count as what they are.

    A sample of a few days knows no weekend and says too many; a month and more is right within a few
    percent.
    """
    return float((len(time) - 1) / ((time[-1] - time[0]) / _YEAR))


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
    """Whether a whole Saturday of UTC lies between the two days."""
    day = last_open.astype("datetime64[D]")
    saturday = np.busday_offset(day, 0, roll="forward", weekmask="Sat")
    return (saturday > day) & (saturday + _DAY <= next_open)


def nights_held(time: TimeArray) -> NDArray[np.int64]:
    """Nights [bar] that a position held from this bar's open to the next bar's open is charged for.

    A night is a rollover at 17:00 in New York, counted where it lies after this open and not after the
    next one. Every calendar night counts once, a weekend's three when the weekend passes; brokers charge
    two of those on Wednesday instead, which is not modelled and makes the same sum over a week. The last
    bar has no next one and counts none.
    """
    local = pd.DatetimeIndex(time).tz_localize("UTC").tz_convert("America/New_York").tz_localize(None)
    trading_day = (local + _ROLLOVER_TO_MIDNIGHT).to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.diff(trading_day, append=trading_day[-1])
