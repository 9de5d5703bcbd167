"""Compiles loops with numba, and stores their machine code until a source that they depend on changes."""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable
from functools import cache, wraps
from types import FunctionType
from typing import Any, ParamSpec, TypeAlias, cast

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
P = ParamSpec("P")


def compiled(loop: Callable[P, None]) -> Callable[P, None]:
    """Compiles a loop with numba at its first call, so that programs that do not train on a CPU do not import numba.

    The functions that the loop calls are compiled too. They are module-level functions, imported by their names. The
    machine code is cached beside the source, or in the user's cache directory, for later processes. The loop is
    compiled again if a module changes that defines the loop, one of these functions or a record that they use.
    """

    @cache
    def machine_code() -> Callable[P, None]:
        import numba  # noqa: PLC0415 - see above

        functions = _with_functions_called(loop)
        for function in functions[1:]:
            _let_loops_call(function)
        try:
            # numba's cache considers only changes of the loop's own file; the name is part of the path of the cache
            loop.__qualname__ = f"{loop.__name__}_{_source_digest(functions)}"
            return cast("Callable[P, None]", numba.njit(cache=True, error_model="numpy")(loop))
        except (OSError, RuntimeError):  # no source to compare, or no folder to store the code in
            return cast("Callable[P, None]", numba.njit(error_model="numpy")(loop))

    @wraps(loop)
    def call(*arguments: P.args, **named: P.kwargs) -> None:
        machine_code()(*arguments, **named)

    return call


@cache
def _let_loops_call(function: Callable[..., Any]) -> None:
    import numba  # noqa: PLC0415 - as in `compiled`

    numba.extending.register_jitable(forceinline=True)(function)  # without inlining, records pass through memory


def _with_functions_called(loop: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Returns the loop and all Python functions that it calls, directly or indirectly."""
    functions = [loop]
    for function in functions:  # the list grows during the iteration
        called = inspect.getclosurevars(function).globals.values()
        functions += [each for each in called if isinstance(each, FunctionType) and each not in functions]
    return functions


def _source_digest(functions: Iterable[Callable[..., Any]]) -> str:
    """Returns a hash of the modules that define the functions and their records, and of the constants that they read.

    The hash includes the text of this module, because it determines how loops are compiled.
    """
    modules, constants = {__name__}, set()
    for function in functions:
        modules.add(function.__module__)
        for name, value in inspect.getclosurevars(function).globals.items():
            if isinstance(value, type):
                modules.add(value.__module__)
            elif isinstance(value, (int, float, str, tuple)):
                constants.add(f"{name} = {value!r}")
    texts = [inspect.getsource(sys.modules[name]) for name in sorted(modules)]
    return hashlib.sha256("\0".join([*texts, *sorted(constants)]).encode()).hexdigest()[:16]
