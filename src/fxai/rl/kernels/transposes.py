"""Transposes of matrices for compiled loops, in square blocks that are turned in the processor's registers."""

from typing import Any

from fxai.market.rules.compiled import Array, by_instructions, separate
from fxai.rl.kernels.vectors import vector_of, vector_width


def _emit_block(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Writes the loads, the exchanges of halves, quarters and so on between pairs of rows, and the stores."""
    from llvmlite import ir  # type: ignore[import-untyped]  # noqa: PLC0415 - only where loops are compiled

    matrix, turned = (
        builder.gep(context.make_array(signature.args[at])(context, builder, arguments[at]).data, [arguments[at + 1]])
        for at in (0, 3)
    )
    step, turned_step = arguments[2], arguments[5]
    vector, index = vector_of(context, signature.args[0]), step.type
    width, size = vector.count, signature.args[0].dtype.bitwidth // 8

    def row_at(base: Any, row: int, step: Any) -> Any:
        return builder.bitcast(builder.gep(base, [builder.mul(index(row), step)]), vector.as_pointer())

    rows = [builder.load(row_at(matrix, row, step), align=size) for row in range(width)]
    distance = width // 2
    while distance:
        low = [j if not j & distance else width + j - distance for j in range(width)]
        high = [j + distance if not j & distance else width + j for j in range(width)]
        masks = [ir.Constant(ir.VectorType(ir.IntType(32), width), mask) for mask in (low, high)]
        for row in range(width):
            if not row & distance:
                pair = rows[row], rows[row + distance]
                rows[row], rows[row + distance] = (builder.shuffle_vector(*pair, mask) for mask in masks)
        distance //= 2
    for row, value in enumerate(rows):
        builder.store(value, row_at(turned, row, turned_step), align=size)
    return context.get_dummy_value()


@by_instructions(_emit_block)
def _turn_block(matrix: Array, at: int, step: int, turned: Array, turned_at: int, turned_step: int) -> None:
    """Turns a square block with as many rows as a vector has numbers.

    Args:
        matrix: Has the block.
        at: Position of its first number.
        step: Distance between its rows.
        turned: Has the block, turned; filled.
        turned_at: Position of its first number.
        turned_step: Distance between its rows.
    """
    raise NotImplementedError


@separate
def transpose(matrix: Array, at: int, rows: int, columns: int, turned: Array, turned_at: int) -> None:
    """Transposes a matrix that is a part of a one-dimensional array; other loops call it.

    Args:
        matrix: Has the matrix [row, column].
        at: Position of its first number.
        rows: Number of rows.
        columns: Number of columns.
        turned: Has the transpose [column, row], which is filled.
        turned_at: Position of its first number.
    """
    vector = vector_width(matrix)
    whole_rows, whole_columns = rows // vector * vector, columns // vector * vector
    for i in range(0, whole_rows, vector):
        for j in range(0, whole_columns, vector):
            _turn_block(matrix, at + i * columns + j, columns, turned, turned_at + j * rows + i, rows)
    for i in range(rows):
        for j in range(whole_columns if i < whole_rows else 0, columns):
            turned[turned_at + j * rows + i] = matrix[at + i * columns + j]
