"""The bars of trading sessions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import TimeArray
from fxai.market.rules.rule_records import IN_SESSION, LAST_OF_SESSION, OUT_OF_SESSION
from fxai.market.timestamps.wall_clock import wall_clock
from fxai.spec.fields.session_config import WEEK, SessionConfig

SessionCodes = NDArray[np.uint8]
"""For each bar IN_SESSION, LAST_OF_SESSION or OUT_OF_SESSION; [bar]."""

NO_SESSIONS: SessionCodes = np.zeros(0, np.uint8)
"""Stands for codes that are all IN_SESSION, for compiled loops."""

_DAY = 86_400  # seconds
_MONDAY = 3  # the weekday of 1970-01-01 is a Thursday, so (days since + 3) % 7 is 0 on Mondays


def session_codes(time: TimeArray, sessions: Sequence[SessionConfig]) -> SessionCodes:
    """Returns where bars are in sessions.

    A bar is in a session if its open is. The last bar of a session is the one after which a bar opens that is not in
    the same session on the same day, or no bar. A bar that several sessions contain is in the first one.

    Args:
        time: Opens of the bars, UTC, [bar].
        sessions: The sessions.
    """
    number = np.full(len(time), -1, np.int64)  # of the session and its day; -1 outside
    for index, session in enumerate(sessions):
        day, is_inside = _days_of(time, session)
        number = np.where((number < 0) & is_inside, day * len(sessions) + index, number)
    codes = np.full(len(time), IN_SESSION, np.uint8)
    codes[number != np.append(number[1:], -1)] = LAST_OF_SESSION
    codes[number < 0] = OUT_OF_SESSION
    return codes


def _days_of(time: TimeArray, session: SessionConfig) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Returns the day on which the session of each bar begins, in days since 1970, and whether the bar is in it."""
    seconds = wall_clock(time, session.timezone).astype("datetime64[s]").astype(np.int64)
    start, end = session.seconds
    today = seconds // _DAY
    of_day = seconds - today * _DAY
    from_yesterday = of_day + _DAY < end
    day = np.where(from_yesterday, today - 1, today)
    days = np.isin((day + _MONDAY) % len(WEEK), [WEEK.index(name) for name in session.days])
    return day, (from_yesterday | ((of_day >= start) & (of_day < end))) & days
