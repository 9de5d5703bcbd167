"""Features that a function of the user makes from bars (`data.features.function`).

The function is called as `function(bars, **arguments)`. `bars` is a mapping from name to array: time, open, high, low,
close, volume and spread if the data have them, and the columns of `data.features.columns`. It returns a mapping from
the name of a feature to its values, [bar] each.
"""

from collections.abc import Iterator

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.market.features.user_function import arguments_text, bar_text, call_function, numbers_of
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.feature_config import FeatureConfig

_HERE = "."
_EXAMPLE = "{'slope': values}"


def function_features(bars: Bars, config: FeatureConfig, begin: int) -> Iterator[tuple[str, FloatArray]]:
    """Yields the features of the configured function by name, [bar] each; none without a function.

    Args:
        bars: The bars.
        config: The function and its arguments.
        begin: Index of the first bar at which the values must be finite.

    Raises:
        DataError: If the function cannot be loaded, raises an error, or returns something else than features.
    """
    if config.function is None:
        return
    what = f"data.features.function {config.function}"
    given = expanded_path(config.function_folder or _HERE)
    folder = str(given) if given.is_dir() else _HERE
    returned = call_function(
        config.function, folder, config.arguments, bars, what=what, folder_key="data.features.function_folder"
    )
    what += arguments_text(config.arguments)
    if not hasattr(returned, "items"):  # a data frame has them too
        shown = "nothing" if returned is None else f"a value of the type {type(returned).__name__}"
        raise DataError(f"{what} returned {shown}; it must return a mapping from name to array, such as {_EXAMPLE}")
    named = list(returned.items())
    if not named:
        raise DataError(f"{what} returned no feature; it must return a mapping such as {_EXAMPLE}")
    for name, values in named:
        if not isinstance(name, str) or not name.strip():
            raise DataError(f"{what} returned a feature with the name {name!r}; a name must be a text")
        yield name, _checked(values, name, what, bars, begin)


def _checked(returned: object, name: str, what: str, bars: Bars, begin: int) -> FloatArray:
    """The values of a feature as float64 [bar], NaN before `begin`."""
    values = numbers_of(returned, repr(name), what, bars)
    values[:begin] = np.nan
    wrong = ~np.isfinite(values[begin:])
    if wrong.any():
        row = begin + int(np.argmax(wrong))
        raise DataError(
            f"{what}: {name!r} is {values[row]} at {bar_text(bars, row)}; the values must be "
            f"finite from bar {begin + 1} on. Correct the function or raise data.features.function_window"
        )
    return values
