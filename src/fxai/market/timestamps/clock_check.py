"""Checks `data.timezone` by the hours at which a market of 24 hours and 5 days opens, closes and pauses.

Such a market opens on Sunday and closes on Friday at 17:00 in New York. Futures and metals pause from 17:00 to 18:00
on each day, and open on Sunday at 18:00. Markets that do not close at weekends, markets with sessions, and bars longer
than an hour are not checked.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fxai.market.bars import TimeArray
from fxai.market.reading.times.zones import clock_of, utc_or_nat, zone_of
from fxai.market.timestamps.calendar import bar_length

_HOUR = np.timedelta64(1, "h")
_DAY = np.timedelta64(1, "D")
_SHORTEST_WEEKEND, _LONGEST_WEEKEND = np.timedelta64(36, "h"), np.timedelta64(4, "D")
_PAUSE = (np.timedelta64(45, "m"), np.timedelta64(3, "h"))  # closed time of a daily pause
_FEWEST_WEEKENDS = 4
_WEEKENDS_PER_WEEK = 0.7  # below it the market does not close at weekends
_MOST_CLOSED_NIGHTS = 0.2  # per day; above it the market has sessions
_PAUSES_PER_DAY = 0.4  # from it on, the market pauses each day
_CLOSE, _REOPEN = 17, 18  # hours in New York
_SUNDAY, _FRIDAY = 6, 4
_GOOD = 0.8  # score from which a clock is suggested
_BETTER = 0.03  # by which its score must be above that of `data.timezone`
_CLOCKS = (
    "UTC",
    "New York+7",
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    *(f"UTC{hours:+d}" for hours in (-5, *range(-12, 15))),
    *(f"New York{hours:+d}" for hours in range(1, 13)),
)
"""Clocks of files, the common ones first."""


@dataclass(frozen=True, slots=True)
class _Week:
    """Times around the closed hours of a market, in UTC or on a file's clock."""

    opens: TimeArray  # [weekend], first bar after it
    closes: TimeArray  # [weekend], end of the last bar before it
    pauses: TimeArray  # [pause], end of the last bar before it


def clock_warning(time: TimeArray, timezone: str | None) -> str | None:
    """What is wrong with the time zone of bars; None if nothing is, or if that cannot be known.

    Args:
        time: Times of bars in UTC, rising.
        timezone: `data.timezone`, if it was applied to the file's times; None if they have a zone of their own.
    """
    week = _closed_hours(time)
    if week is None:
        return None
    in_file = week if timezone is None else _on_clock(week, timezone)
    best = max(_CLOCKS, key=lambda name: _score(_in_utc(in_file, name)))  # the first of equal ones
    better = _in_utc(in_file, best)
    gained = int(_open_fits(better).sum() - _open_fits(week).sum())
    if _score(better) < max(_GOOD, _score(week) + _BETTER) or gained < 2:  # noqa: PLR2004 - one week is a holiday
        return None
    return _text(week, in_file, better, best, timezone)


def _closed_hours(time: TimeArray) -> _Week | None:
    """The closed hours of a market of 24 hours and 5 days; None for other markets."""
    length, days = bar_length(time), (time[-1] - time[0]) / _DAY
    if length > _HOUR or days < 7 * _FEWEST_WEEKENDS:
        return None
    steps = np.diff(time)
    weekends = np.flatnonzero((steps >= _SHORTEST_WEEKEND) & (steps <= _LONGEST_WEEKEND))
    nights = (steps - length > _PAUSE[1]) & (steps < _SHORTEST_WEEKEND)
    pauses = np.flatnonzero((steps - length >= _PAUSE[0]) & (steps - length <= _PAUSE[1]))
    if (
        len(weekends) < max(_FEWEST_WEEKENDS, days / 7 * _WEEKENDS_PER_WEEK)
        or nights.sum() > days * _MOST_CLOSED_NIGHTS
    ):
        return None
    if len(pauses) < days * _PAUSES_PER_DAY:
        pauses = pauses[:0]
    return _Week(time[weekends + 1], time[weekends] + length, time[pauses] + length)


def _on_clock(week: _Week, timezone: str) -> _Week:
    zone = zone_of(timezone)
    return _Week(clock_of(week.opens, zone), clock_of(week.closes, zone), clock_of(week.pauses, zone))


def _in_utc(in_file: _Week, timezone: str) -> _Week:
    zone = zone_of(timezone)
    return _Week(utc_or_nat(in_file.opens, zone), utc_or_nat(in_file.closes, zone), utc_or_nat(in_file.pauses, zone))


def _score(week: _Week) -> float:
    """Share of openings, closings and pauses that are at their hours in New York; each kind counts equally."""
    closes = _new_york(week.closes - np.timedelta64(1, "s"))
    shares = [_open_fits(week).mean(), ((closes.day_of_week == _FRIDAY) & (closes.hour == _CLOSE - 1)).mean()]
    if len(week.pauses):
        shares.append((_new_york(week.pauses - np.timedelta64(1, "s")).hour == _CLOSE - 1).mean())
    return float(np.mean(shares))


def _open_fits(week: _Week) -> NDArray[np.bool_]:
    """Whether each opening [weekend] is at its hour."""
    opens = _new_york(week.opens)
    wanted = _REOPEN if len(week.pauses) else _CLOSE
    return np.asarray((opens.day_of_week == _SUNDAY) & (opens.hour == wanted))


def _new_york(time: TimeArray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(time).tz_localize("UTC").tz_convert("America/New_York")


def _text(week: _Week, in_file: _Week, better: _Week, best: str, timezone: str | None) -> str:
    wrong = _open_fits(better) & ~_open_fits(week)
    seen = _typical(pd.DatetimeIndex(in_file.opens[wrong]))
    now, then = (_typical(_new_york(each.opens[wrong])) for each in (week, better))
    start = (
        f"in {int(wrong.sum())} of {len(wrong)} weeks the first bar opens at {seen} in the file's time. "
        f"That is {now} in New York"
    )
    if timezone is None:
        return (
            f"{start}, but the market opens there at {then}. The file's times seem to be those of the clock {best}, "
            f"not of their own zone: write them as text without a zone, and set data.timezone: '{best}'"
        )
    return (
        f"{start} by data.timezone {timezone}; with data.timezone: '{best}' it would be {then} in New York, when the "
        "market opens (docs/how_to/broker_clocks.md)"
    )


def _typical(moments: pd.DatetimeIndex) -> str:
    """The most common weekday and time: `Sunday 17:00`."""
    names = Counter(map(str, moments.strftime("%A %H:%M")))
    return names.most_common(1)[0][0]
