"""Matrix products for compiled loops.

A product is computed in tiles of six rows by two vectors of the processor. The sums of a tile stay in registers while
the loop runs over the depth; a compiler does not do that with a loop over single numbers. OpenBLAS copies the matrices
into another order first, which takes as long as the product itself if the matrices are small. Each sum is added in the
order of the depth, so a row of the result does not depend on its position.
"""

from functools import partial
from typing import Any, Final

from fxai.market.rules.compiled import Array, by_instructions, separate

ROWS: Final = 6  # with two vectors twelve sums: they hide the latency of an addition and fit into 16 registers


def _emit_width(context: Any, _builder: Any, signature: Any, _arguments: Any) -> Any:
    return context.get_constant(signature.return_type, _width(signature.args[0]))


def _width(array: Any) -> int:
    """Returns how many numbers of the type of `array` a register of this processor holds."""
    # Only where loops are compiled:
    from llvmlite.binding import get_host_cpu_features  # type: ignore[import-untyped]  # noqa: PLC0415

    features = get_host_cpu_features()
    size = 64 if features.get("avx512f") else 32 if features.get("avx") else 16
    return int(8 * size // array.dtype.bitwidth)


def _emit_tile(vectors: int, context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Writes the loop over the depth. Its phi nodes are the sums, [row, vector]."""
    from llvmlite import ir  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
    from numba.core.cgutils import get_or_insert_function  # noqa: PLC0415 - as above

    left, right, out = (
        builder.gep(context.make_array(signature.args[at])(context, builder, arguments[at]).data, [arguments[at + 1]])
        for at in (0, 2, 4)
    )
    row_step, depth_step, columns, rows, depth, first_row, first_column = arguments[6:]
    kind, width, index = signature.args[0].dtype, _width(signature.args[0]), rows.type
    vector, lane = ir.VectorType(context.get_data_type(kind), width), ir.IntType(32)
    of_three = ir.FunctionType(vector, [vector] * 3)
    name = f"llvm.fmuladd.v{width}f{kind.bitwidth}"
    multiply_add = get_or_insert_function(builder.module, of_three, name)  # type: ignore[no-untyped-call]
    unknown, everywhere = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(lane, width), [0] * width)

    def vector_at(base: Any, number: int) -> Any:
        return builder.bitcast(builder.gep(base, [index(number * width)]), vector.as_pointer())

    lefts, outs = [], []
    for row in range(ROWS):  # rows beyond the last one repeat it
        wanted, last = builder.add(first_row, index(row)), builder.sub(rows, index(1))
        existing = builder.select(builder.icmp_signed("<", wanted, last), wanted, last)
        lefts.append(builder.gep(left, [builder.mul(existing, row_step)]))
        outs.append(builder.gep(out, [builder.add(builder.mul(existing, columns), first_column)]))
    right = builder.gep(right, [first_column])

    before, loop, after = builder.block, builder.append_basic_block("depth"), builder.append_basic_block("sums")
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(index)
    sums = [[builder.phi(vector) for _ in range(vectors)] for _ in range(ROWS)]
    here, size = builder.gep(right, [builder.mul(k, columns)]), kind.bitwidth // 8
    factors = [builder.load(vector_at(here, number), align=size) for number in range(vectors)]
    added = []
    for row in range(ROWS):
        single = builder.load(builder.gep(lefts[row], [builder.mul(k, depth_step)]))
        repeated = builder.shuffle_vector(builder.insert_element(unknown, single, lane(0)), unknown, everywhere)
        added.append([builder.call(multiply_add, [repeated, f, s]) for f, s in zip(factors, sums[row], strict=True)])
    k.add_incoming(index(0), before)
    k.add_incoming(builder.add(k, index(1)), loop)
    for of_row, new in zip(sums, added, strict=True):
        for total, value in zip(of_row, new, strict=True):
            total.add_incoming(vector(None), before)
            total.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", builder.add(k, index(1)), depth), loop, after)
    builder.position_at_end(after)
    for base, new in zip(outs, added, strict=True):
        for number, value in enumerate(new):
            builder.store(value, vector_at(base, number), align=size)
    return context.get_dummy_value()


@by_instructions(_emit_width)
def vector_width(array: Array) -> int:
    """Returns how many numbers of the type of `array` a register of the processor holds."""
    raise NotImplementedError


@by_instructions(partial(_emit_tile, 2))
def _wide_tile(
    left: Array,
    left_at: int,
    right: Array,
    right_at: int,
    out: Array,
    out_at: int,
    row_step: int,
    depth_step: int,
    columns: int,
    rows: int,
    depth: int,
    row: int,
    column: int,
) -> None:
    """Computes six rows of a product, from `row` on, and two vectors of columns, from `column` on.

    The columns must exist; rows that do not exist are left out. The other arguments are those of `multiply`.
    """
    raise NotImplementedError


@by_instructions(partial(_emit_tile, 1))
def _narrow_tile(
    left: Array,
    left_at: int,
    right: Array,
    right_at: int,
    out: Array,
    out_at: int,
    row_step: int,
    depth_step: int,
    columns: int,
    rows: int,
    depth: int,
    row: int,
    column: int,
) -> None:
    """As `_wide_tile`, with one vector of columns."""
    raise NotImplementedError


@separate
def multiply(
    left: Array,
    left_at: int,
    row_step: int,
    depth_step: int,
    right: Array,
    right_at: int,
    out: Array,
    out_at: int,
    rows: int,
    depth: int,
    columns: int,
) -> None:
    """Computes a product of matrices that are parts of one-dimensional arrays; other loops call it.

    Positions instead of slices of arrays, because numba counts the references to a slice, which takes as long as a
    small product. A tile that would reach beyond the last column begins earlier, and computes some columns again.

    Args:
        left: Has a matrix [row, depth] with any steps.
        left_at: Position of its first number.
        row_step: Distance between its rows.
        depth_step: Distance between its columns.
        right: Has a matrix [depth, column].
        right_at: Position of its first number.
        out: Has a matrix [row, column], which is filled.
        out_at: Position of its first number.
        rows: Number of rows.
        depth: Number of columns of the left matrix, at least 1.
        columns: Number of columns.
    """
    vector = vector_width(out)
    if columns < vector:
        for i in range(rows):
            for j in range(columns):
                total = out.dtype.type(0)
                for k in range(depth):
                    factor = left[left_at + i * row_step + k * depth_step]
                    total += factor * right[right_at + k * columns + j]
                out[out_at + i * columns + j] = total
    elif columns < 2 * vector:
        for at in range(0, columns, vector):
            begin = min(at, columns - vector)
            for row in range(0, rows, ROWS):
                _narrow_tile(
                    left, left_at, right, right_at, out, out_at, row_step, depth_step, columns, rows, depth, row, begin
                )
    else:
        for at in range(0, columns, 2 * vector):
            begin = min(at, columns - 2 * vector)
            for row in range(0, rows, ROWS):
                _wide_tile(
                    left, left_at, right, right_at, out, out_at, row_step, depth_step, columns, rows, depth, row, begin
                )
