"""Reads the returns of many trials in parts, so that numbers in double precision exist of one part at a time."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.scores.bar_returns import Float32Array

TrialRows: TypeAlias = FloatArray | Float32Array
"""Returns of many trials, [trial, bar]."""

_VALUES_AT_ONCE = 2_000_000  # 16 MB


def row_parts(returns: TrialRows) -> Iterator[tuple[slice, FloatArray]]:
    """The returns in double precision, a part at a time: the rows, and their returns [row, bar]."""
    trials, bars = returns.shape
    size = max(_VALUES_AT_ONCE // max(bars, 1), 1)
    for start in range(0, trials, size):
        rows = slice(start, start + size)
        yield rows, returns[rows].astype(np.float64)
