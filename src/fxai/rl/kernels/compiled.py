"""How a loop becomes machine code, and who may use it."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeAlias, cast

import torch
from numpy.typing import NDArray
from torch import Tensor

Array: TypeAlias = NDArray[Any]
P = ParamSpec("P")


def runs_on_kernels(tensor: Tensor) -> bool:
    """Whether loops can go over the numbers of `tensor`: the CPU reads them, and torch keeps no account of them.

    It does keep one of each operation while it exports a model.
    """
    exporting = torch.jit.is_tracing() or torch.compiler.is_compiling()  # type: ignore[attr-defined, no-untyped-call]
    return tensor.device.type == "cpu" and not tensor.requires_grad and not exporting


def compiled(*parts: Callable[..., Any]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """The loop as numba compiles it at its first call: a program that never trains on a CPU needs no compiler.

    `parts` are the functions that the loop calls, of the same file: the machine code is kept beside the source, or in
    the user's cache, for every later process, until that file changes.
    """

    def decorated(loop: Callable[P, None]) -> Callable[P, None]:
        @cache
        def machine_code() -> Callable[P, None]:
            import numba  # noqa: PLC0415 - see above

            for part in parts:
                numba.extending.register_jitable(part)
            try:
                return cast("Callable[P, None]", numba.njit(cache=True, error_model="numpy")(loop))
            except RuntimeError:  # nowhere to keep it
                return cast("Callable[P, None]", numba.njit(error_model="numpy")(loop))

        @wraps(loop)
        def call(*arguments: P.args, **named: P.kwargs) -> None:
            machine_code()(*arguments, **named)

        return call

    return decorated
