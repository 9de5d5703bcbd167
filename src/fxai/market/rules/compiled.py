"""Compiles loops with numba, and stores their machine code until a source that they depend on changes.

By default a function that a loop calls becomes part of the loop's code. `separate`, `exact` and `by_instructions` mark
functions that are compiled in another way.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable
from functools import cache, wraps
from types import FunctionType
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])


def compiled(loop: Callable[P, None]) -> Callable[P, None]:
    """Compiles a loop with numba at its first call, so that programs that do not train on a CPU do not import numba.

    The functions that the loop calls are compiled too. They are module-level functions, imported by their names. The
    machine code is cached beside the source, or in the user's cache directory, for later processes. The loop is
    compiled again if a module changes that defines the loop, one of these functions or a record that they use.
    """
    return _compiled(loop, frozenset())


def compiled_arithmetic(loop: Callable[P, None]) -> Callable[P, None]:
    """As `compiled`; a product and the sum that it is part of may be one instruction with one rounding.

    Which ones are does not depend on the numbers, nor on their position in memory.
    """
    return _compiled(loop, frozenset({"contract"}))


def separate(function: F) -> F:
    """Marks a function that stays a function of its own: a long one that loops call at several places."""
    function.is_separate = True  # type: ignore[attr-defined]
    return function


def exact(function: F) -> F:
    """Marks a separate function whose products and sums are rounded as by `compiled`, whatever the loop's mark is."""
    function.is_exact = True  # type: ignore[attr-defined]
    return function


def by_instructions(emit: Callable[..., Any]) -> Callable[[F], F]:
    """Marks a function for which `emit` writes the instructions where a loop calls it.

    Args:
        emit: Gets numba's context, the builder of llvmlite, the signature and the arguments. Returns the result.
    """

    def mark(function: F) -> F:
        function.emit = emit  # type: ignore[attr-defined]
        return function

    return mark


def _compiled(loop: Callable[P, None], fastmath: frozenset[str]) -> Callable[P, None]:
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True, "fastmath": set(fastmath)}

    @cache
    def machine_code() -> Callable[P, None]:
        import numba  # noqa: PLC0415 - programs that do not train on a CPU do not import it

        functions = _with_functions_called(loop)
        for function in functions[1:]:
            _let_loops_call(function)
        try:
            # numba's cache considers only changes of the loop's own file; the name is part of the path of the cache
            loop.__qualname__ = f"{loop.__name__}_{_source_digest(functions)}"
            return cast("Callable[P, None]", numba.njit(cache=True, **options)(loop))
        except (OSError, RuntimeError):  # no source to compare, or no folder to store the code in
            return cast("Callable[P, None]", numba.njit(**options)(loop))

    @wraps(loop)
    def call(*arguments: P.args, **named: P.kwargs) -> None:
        machine_code()(*arguments, **named)

    return call


def load_compiler() -> None:
    """Load numba and all that a call of a compiled loop needs the first time, which takes about a second."""
    from numba.core.registry import cpu_target  # noqa: PLC0415 - as in `_compiled`

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


@cache
def _let_loops_call(function: Callable[..., Any]) -> None:
    from numba import extending, types  # noqa: PLC0415 - as in `_compiled`

    if emit := getattr(function, "emit", None):
        returned = types.int64 if function.__annotations__["return"] is int else types.void

        def type_of_call(*arguments: Any) -> Any:
            return returned(*arguments)

        type_of_call.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
        extending.type_callable(function)(lambda _context: type_of_call)
        any_types = types.VarArg(types.Any)  # type: ignore[no-untyped-call]
        extending.lower_builtin(function, any_types)(emit)  # type: ignore[no-untyped-call]
        return
    is_part = not getattr(function, "is_separate", False)  # of the loop: otherwise records pass through memory
    arithmetic = {"fastmath": False} if getattr(function, "is_exact", False) else {}  # by default that of the loop
    extending.register_jitable(forceinline=is_part, **arithmetic)(function)


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
