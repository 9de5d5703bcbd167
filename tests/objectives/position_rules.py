"""Functions of a user that return positions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def crossing(bars: Mapping[str, NDArray[Any]], fast: int = 5, slow: int = 50, last: str = "") -> NDArray[Any]:
    """Long while the mean of the last bars is above that of a longer window, else short.

    Fails if the last bar opens at another time than `last`.
    """
    if last and bars["time"][-1] != np.datetime64(last):
        raise ValueError(f"the last bar opens at {bars['time'][-1]}")
    close = np.log(bars["close"])
    positions: NDArray[Any] = np.sign(_mean(close, fast) - _mean(close, slow))
    return positions


def _mean(values: NDArray[Any], window: int) -> NDArray[Any]:
    sums = np.cumsum(np.concatenate([np.full(window, values[0]), values]))
    means: NDArray[Any] = (sums[window:] - sums[:-window]) / window
    return means
