"""Finds bars whose time is far from all others, as a wrong year makes it."""

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import TimeArray

_FEWEST_BARS = 10  # below it no bar counts as typical
_FEW = 3  # stray bars at each end that are found in any file
_SHARE = 0.01  # of all bars, as the most stray ones at each end
_SHORTEST = np.timedelta64(14, "D")  # longer than any holiday of a market
_STEPS = 3  # longest steps between the other bars
_SPAN = 0.01  # share of the time that the other bars take; a shorter gap hardly changes the bars per year


def stray_bars(time: TimeArray) -> NDArray[np.bool_]:
    """Whether each bar [bar] is stray.

    These are the few first or last bars that are further from the rest than the rest is from itself: more than 14 days,
    three times the longest step within the rest, and a hundredth of the time that the rest takes.

    Args:
        time: Times in rising order [bar].
    """
    stray = np.zeros(len(time), np.bool_)
    if len(time) < _FEWEST_BARS:
        return stray
    few = min(max(_FEW, int(len(time) * _SHARE)), len(time) // 3)
    steps = np.diff(time)
    core = slice(few, len(time) - few)
    longest = steps[few : len(time) - few - 1].max()
    limit = max(_SHORTEST, longest * _STEPS, (time[core][-1] - time[core][0]) * _SPAN)
    early = np.flatnonzero(steps[:few] > limit)
    late = np.flatnonzero(steps[-few:] > limit)
    if early.size:
        stray[: early[-1] + 1] = True
    if late.size:
        stray[len(time) - few + late[0] :] = True
    return stray
