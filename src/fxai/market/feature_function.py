"""Features that a function of the user makes from bars (`data.features.function`).

The function is called as `function(bars, **arguments)`. `bars` is a mapping from name to array: time, open, high, low,
close, volume and spread if the data have them, and the columns of `data.features.columns`. It returns a mapping from
the name of a feature to its values, [bar] each.
"""

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.module_path import search_modules_in
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.feature_config import FeatureConfig
from fxai.spec.fields.suggestion import did_you_mean

_HERE = "."
_EXAMPLE = "{'slope': values}"
_NAMES = ("time", "open", "high", "low", "close", "volume", "spread")


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
    folder = search_modules_in(str(given) if given.is_dir() else _HERE)
    with redirect_stdout(sys.stderr):  # what the function prints is not part of a command's output
        function = _load(config.function, folder, what)
        what += _arguments_text(config)
        try:
            returned = function(arrays_of(bars), **config.arguments)
        except Exception as error:
            raise DataError(f"{what} failed on {bars.name}: {_cause(error, folder)}") from error
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


def _arguments_text(config: FeatureConfig) -> str:
    """` with period=24, kind='a'`; empty without arguments."""
    given = ", ".join(f"{name}={value!r}" for name, value in config.arguments.items())
    return f" with {given}" if given else ""


def arrays_of(bars: Bars) -> Mapping[str, NDArray[Any]]:
    """The bars as the function receives them: arrays by name, which it cannot change."""
    found = {name: getattr(bars, name) for name in _NAMES} | dict(bars.columns)
    return MappingProxyType({name: _read_only(each) for name, each in found.items() if each is not None})


def _read_only(values: NDArray[Any]) -> NDArray[Any]:
    view = values.view()
    view.flags.writeable = False
    return view


def _load(path: str, folder: str, what: str) -> Callable[..., Any]:
    """The function; `folder` is searched before the rest of Python's path."""
    module_name, _, name = path.partition(":")
    module = _imported(module_name, folder, what)
    first = module_name.partition(".")[0]
    expected = next((each for each in (Path(folder, f"{first}.py"), Path(folder, first)) if each.exists()), None)
    loaded = _file_of(importlib.import_module(first))
    if expected is not None and loaded is not None and expected not in (loaded, loaded.parent):
        raise DataError(
            f"{what}: {expected} cannot be imported, because another module of the name {first} is loaded from "
            f"{loaded}; rename the module"
        )
    function = getattr(module, name, None)
    if not callable(function):
        raise DataError(f"{what}: the module {module_name} has no function {name!r}{did_you_mean(name, vars(module))}")
    loaded_function: Callable[..., Any] = function
    return loaded_function


def _imported(name: str, folder: str, what: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise DataError(
                f"{what}: there is no module {error.name}; it was looked for in {folder} and on Python's path. "
                "Name its folder in data.features.function_folder or in PYTHONPATH"
            ) from error
        raise DataError(f"{what}: the import of {name} failed: {_cause(error, folder)}") from error
    except Exception as error:
        raise DataError(f"{what}: the import of {name} failed: {_cause(error, folder)}") from error


def _file_of(module: ModuleType) -> Path | None:
    return Path(module.__file__).resolve() if module.__file__ else None


def _cause(error: Exception, folder: str) -> str:
    """`KeyError: 'rsi' (my_features.py, line 12)`: the error, and the last line of code in the folder."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(folder)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error) or 'without a message'}{where}"


def _checked(returned: object, name: str, what: str, bars: Bars, begin: int) -> FloatArray:
    """The values of a feature as float64 [bar], NaN before `begin`."""
    try:
        values = np.array(returned, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: the values of {name!r} are no numbers ({error})") from error
    if values.shape != (len(bars),):
        shape = " by ".join(map(str, values.shape)) or "a single number"
        raise DataError(f"{what}: {name!r} has the shape {shape}; it must have one value for each of {len(bars)} bars")
    values[:begin] = np.nan
    wrong = ~np.isfinite(values[begin:])
    if wrong.any():
        row = begin + int(np.argmax(wrong))
        moment = np.datetime_as_string(bars.time[row], unit="m").replace("T", " ")
        raise DataError(
            f"{what}: {name!r} is {values[row]} at bar {row + 1} of {bars.name}, {moment} UTC; the values must be "
            f"finite from bar {begin + 1} on. Correct the function or raise data.features.function_window"
        )
    return values
