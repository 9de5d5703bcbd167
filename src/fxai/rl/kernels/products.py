"""Matrix products for compiled loops.

A product is computed in tiles: of three rows by four vectors of the processor (four rows with AVX-512), or of six rows
by two or one, if there are fewer columns. The sums of a tile stay in registers while the loop runs over the depth; a
compiler does not do that with a loop over single numbers. OpenBLAS copies the matrices into another order first, which
takes as long as the product itself if the matrices are small. Each sum is added in the order of the depth, so a row of
the result does not depend on its position.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from fxai.market.rules.compiled import Array, by_instructions, separate
from fxai.rl.kernels.vectors import LONGEST, vector_of, vector_width

FEW_ROWS: Final = 3  # with four vectors twelve sums: they hide the latency of an addition and fit into 16 registers
FOUR_ROWS: Final = 4  # for the 32 registers of AVX-512: fewer loads, and more often a divisor of the number of rows
MANY_ROWS: Final = 6  # with two vectors twelve sums as well; three rows need fewer registers for addresses


def _emit_tile(tile_rows: int, vectors: int, context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Writes the loop over the depth. Its phi nodes are its counter, two positions, and the sums [vector, row]."""
    from llvmlite import ir  # type: ignore[import-untyped]  # noqa: PLC0415 - only where loops are compiled
    from numba.core.cgutils import get_or_insert_function  # noqa: PLC0415 - as the line above

    left, right, out = (
        builder.gep(context.make_array(signature.args[at])(context, builder, arguments[at]).data, [arguments[at + 1]])
        for at in (0, 2, 4)
    )
    row_step, depth_step, columns, rows, depth, first_row, first_column = arguments[6:]
    vector, lane, index = vector_of(context, signature.args[0]), ir.IntType(32), rows.type
    width, bits = vector.count, signature.args[0].dtype.bitwidth
    of_three, name = ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{width}f{bits}"
    multiply_add = get_or_insert_function(builder.module, of_three, name)  # type: ignore[no-untyped-call]
    unknown, everywhere = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(lane, width), [0] * width)

    def vector_at(base: Any, number: int) -> Any:
        return builder.bitcast(builder.gep(base, [index(number * width)]), vector.as_pointer())

    lefts, outs = [], []
    for row in range(tile_rows):  # rows beyond the last one repeat it
        wanted, last = builder.add(first_row, index(row)), builder.sub(rows, index(1))
        existing = builder.select(builder.icmp_signed("<", wanted, last), wanted, last)
        lefts.append(builder.gep(left, [builder.mul(existing, row_step)]))
        outs.append(builder.gep(out, [builder.add(builder.mul(existing, columns), first_column)]))
    right = builder.gep(right, [first_column])

    before, loop, after = builder.block, builder.append_basic_block("depth"), builder.append_basic_block("sums")
    builder.branch(loop)
    builder.position_at_end(loop)
    steps = {builder.phi(index): step for step in (index(1), depth_step, columns)}
    k, left_at, right_at = steps
    sums = [[builder.phi(vector) for _ in range(tile_rows)] for _ in range(vectors)]
    repeated = []
    for base in lefts:
        single = builder.load(builder.gep(base, [left_at]))
        repeated.append(builder.shuffle_vector(builder.insert_element(unknown, single, lane(0)), unknown, everywhere))
    added, size = [], bits // 8
    for number, totals in enumerate(sums):
        factor = builder.load(vector_at(builder.gep(right, [right_at]), number), align=size)
        added.append([builder.call(multiply_add, [r, factor, t]) for r, t in zip(repeated, totals, strict=True)])
    for position, step in steps.items():
        position.add_incoming(index(0), before)
        position.add_incoming(builder.add(position, step), loop)
    for totals, new in zip(sums, added, strict=True):
        for total, value in zip(totals, new, strict=True):
            total.add_incoming(vector(None), before)
            total.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", builder.add(k, index(1)), depth), loop, after)
    builder.position_at_end(after)
    for number, new in enumerate(added):
        for base, value in zip(outs, new, strict=True):
            builder.store(value, vector_at(base, number), align=size)
    return context.get_dummy_value()


def _tile(tile_rows: int, vectors: int) -> Callable[..., None]:
    """Returns a function that computes `tile_rows` rows of a product from `row` on, in columns from `column` on.

    The columns are as many as `vectors` vectors have numbers, and must exist. Rows that do not exist are left out. The
    other arguments are those of `multiply`.
    """

    @by_instructions(partial(_emit_tile, tile_rows, vectors))
    def tile(
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
        raise NotImplementedError

    return tile


_widest_tile, _wide_tile = _tile(FOUR_ROWS, 4), _tile(FEW_ROWS, 4)
_middle_tile, _narrow_tile = _tile(MANY_ROWS, 2), _tile(MANY_ROWS, 1)


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
        return
    few_rows = FOUR_ROWS if vector * out.itemsize == LONGEST and rows > FEW_ROWS else FEW_ROWS
    at = 0
    while at < columns:
        is_wide = at + 2 * vector < columns and 4 * vector <= columns
        is_middle = not is_wide and at + vector < columns and 2 * vector <= columns
        width = (4 if is_wide else 2 if is_middle else 1) * vector
        begin = min(at, columns - width)
        for row in range(0, rows, few_rows if is_wide else MANY_ROWS):
            place = row_step, depth_step, columns, rows, depth, row, begin
            if is_wide and few_rows == FOUR_ROWS:
                _widest_tile(left, left_at, right, right_at, out, out_at, *place)
            elif is_wide:
                _wide_tile(left, left_at, right, right_at, out, out_at, *place)
            elif is_middle:
                _middle_tile(left, left_at, right, right_at, out, out_at, *place)
            else:
                _narrow_tile(left, left_at, right, right_at, out, out_at, *place)
        at = begin + width
