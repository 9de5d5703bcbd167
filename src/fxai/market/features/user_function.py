"""Functions of the user that are called with bars: how they are loaded, and what they receive and return."""

import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.module_path import search_modules_in
from fxai.spec.fields.suggestion import did_you_mean

_NAMES = ("time", "open", "high", "low", "close", "volume", "spread")


def arrays_of(bars: Bars) -> Mapping[str, NDArray[Any]]:
    """The bars as the function receives them: arrays by name, which it cannot change."""
    found = {name: getattr(bars, name) for name in _NAMES} | dict(bars.columns)
    return MappingProxyType({name: _read_only(each) for name, each in found.items() if each is not None})


def _read_only(values: NDArray[Any]) -> NDArray[Any]:
    view = values.view()
    view.flags.writeable = False
    return view


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """` with period=24, kind='a'`: the arguments in a message; empty without arguments."""
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f" with {given}" if given else ""


def call_function(
    path: str, folder: str, arguments: Mapping[str, Any], bars: Bars, *, what: str, folder_key: str
) -> Any:
    """What a function returns for bars. The text that it prints goes to standard error.

    Args:
        path: `package.module:function`.
        folder: Is searched before the rest of Python's path.
        arguments: Arguments of the function by name.
        bars: The bars, which the function receives as arrays by name.
        what: The function, which begins a message.
        folder_key: Key of the spec that names another folder.

    Raises:
        DataError: If the function cannot be loaded, or raises an error.
    """
    searched = search_modules_in(folder)
    with redirect_stdout(sys.stderr):  # what the function prints is not part of a command's output
        function = load_function(path, searched, what, folder_key)
        try:
            return function(arrays_of(bars), **arguments)
        except Exception as error:
            raise DataError(
                f"{what}{arguments_text(arguments)} failed on {bars.name}: {cause_of(error, searched)}"
            ) from error


def load_function(path: str, folder: str, what: str, folder_key: str) -> Callable[..., Any]:
    """A function of a module.

    Args:
        path: `package.module:function`.
        folder: Is searched before the rest of Python's path.
        what: The function, which begins a message.
        folder_key: Key of the spec that names another folder.

    Raises:
        DataError: If there is no such function, or the import fails.
    """
    module_name, _, name = path.partition(":")
    module = _imported(module_name, folder, what, folder_key)
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


def _imported(name: str, folder: str, what: str, folder_key: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise DataError(
                f"{what}: there is no module {error.name}; it was looked for in {folder} and on Python's path. "
                f"Name its folder in {folder_key} or in PYTHONPATH"
            ) from error
        raise DataError(f"{what}: the import of {name} failed: {cause_of(error, folder)}") from error
    except Exception as error:
        raise DataError(f"{what}: the import of {name} failed: {cause_of(error, folder)}") from error


def _file_of(module: ModuleType) -> Path | None:
    return Path(module.__file__).resolve() if module.__file__ else None


def cause_of(error: Exception, folder: str) -> str:
    """`KeyError: 'rsi' (my_features.py, line 12)`: the error, and the last line of code in the folder."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(folder)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error) or 'without a message'}{where}"


def numbers_of(returned: object, name: str, what: str, bars: Bars) -> FloatArray:
    """A new array of what a function returned, float64 [bar].

    Args:
        returned: What the function returned.
        name: Subject of a message, such as `'slope'`.
        what: The function, which begins a message.
        bars: The bars.

    Raises:
        DataError: If it is not one number for each bar.
    """
    try:
        values = np.array(returned, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: the values of {name} are no numbers ({error})") from error
    if values.shape != (len(bars),):
        shape = " by ".join(map(str, values.shape)) or "a single number"
        raise DataError(f"{what}: {name} has the shape {shape}; it must have one value for each of {len(bars)} bars")
    return values


def bar_text(bars: Bars, row: int) -> str:
    """`bar 3 of eurusd_1h, 2017-01-02 05:00 UTC`: a bar in a message."""
    moment = np.datetime_as_string(bars.time[row], unit="m").replace("T", " ")
    return f"bar {row + 1} of {bars.name}, {moment} UTC"
