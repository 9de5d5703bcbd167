"""Positions that a function of the user computes from bars (an objective with `returns: positions`).

The function is called as `function(bars, **arguments)`, with bars as a function of features gets them. It returns a
target position for each bar. The position of row t is decided at the close of bar t and filled at the next open.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.market.features.user_function import arguments_text, bar_text, call_function, numbers_of

_HERE = "."


def function_positions(bars: Bars, function: str, folder: str, arguments: Mapping[str, Any]) -> FloatArray:
    """The target positions of a function, [bar], as fractions of `env.position_size` from -1 to 1.

    Args:
        bars: The bars.
        function: `package.module:function`.
        folder: Is searched first for the module; empty: the current folder.
        arguments: Arguments of the function by name.

    Raises:
        DataError: If the function cannot be loaded, raises an error, or returns something else than positions.
    """
    what = f"objective.function {function}"
    returned = call_function(function, folder or _HERE, arguments, bars, what=what, folder_key="objective.folder")
    what += arguments_text(arguments)
    if returned is None:
        raise DataError(f"{what} returned nothing; it must return a position for each bar")
    positions = numbers_of(returned, "the result", what, bars)
    wrong = ~(np.abs(positions) <= 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{what}: the position is {positions[row]} at {bar_text(bars, row)}; it must be a number from -1 to 1, "
            "and 0 where there is none"
        )
    return positions
