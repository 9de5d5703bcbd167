"""The vectors of numbers that this processor's registers hold, for compiled loops."""

from typing import Any, Final

from fxai.market.rules.compiled import Array, by_instructions

LONGEST: Final = 64
"""Bytes of a register of AVX-512."""


def _emit_width(context: Any, _builder: Any, signature: Any, _arguments: Any) -> Any:
    return context.get_constant(signature.return_type, _width(signature.args[0]))


def _width(array: Any) -> int:
    """Returns how many numbers of the type of `array` a register of this processor holds."""
    # Only where loops are compiled:
    from llvmlite.binding import get_host_cpu_features  # type: ignore[import-untyped]  # noqa: PLC0415

    features = get_host_cpu_features()
    size = LONGEST if features.get("avx512f") else 32 if features.get("avx") else 16
    return int(8 * size // array.dtype.bitwidth)


def vector_of(context: Any, array: Any) -> Any:
    """Returns the type of a register of this processor with numbers of the type of `array`."""
    from llvmlite import ir  # type: ignore[import-untyped]  # noqa: PLC0415 - only where loops are compiled

    return ir.VectorType(context.get_data_type(array.dtype), _width(array))


def _emit_preference(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
    set.add(builder.function.attributes, '"prefer-vector-width"="512"')  # llvmlite knows no attributes with a value
    return context.get_dummy_value()


@by_instructions(_emit_preference)
def use_longest_vectors() -> None:
    """Lets the compiler use the longest vectors in the function that calls this; LLVM prefers 256 bits."""
    raise NotImplementedError


@by_instructions(_emit_width)
def vector_width(array: Array) -> int:
    """Returns how many numbers of the type of `array` a register of the processor holds."""
    raise NotImplementedError
