"""Products in tiles compared with numpy's."""

import numpy as np
import pytest
from numpy.typing import DTypeLike

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.rl.kernels.products import multiply


@compiled_arithmetic
def product(left: Array, row_step: int, depth_step: int, right: Array, out: Array) -> None:
    """Computes a product whose factors and result begin at the third number of their arrays."""
    rows, columns = out.shape
    numbers, depth = np.zeros(2 + out.size, out.dtype), (len(right) - 2) // columns
    multiply(left, 2, row_step, depth_step, right, 2, numbers, 2, rows, depth, columns)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = numbers[2 + i * columns + j]


def shifted(matrix: Array) -> Array:
    return np.concatenate([[np.nan, np.nan], matrix.ravel()]).astype(matrix.dtype)


@pytest.mark.parametrize("turned", [False, True], ids=["", "transposed"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_every_shape_of_tiles(kind: DTypeLike, *, turned: bool):
    random = np.random.default_rng(0)
    for rows, depth, columns in [(1, 1, 1), (5, 3, 2), (6, 4, 8), (7, 2, 9), (13, 20, 31), (64, 64, 64), (3, 9, 70)]:
        left = random.standard_normal((rows, depth)).astype(kind)
        right = random.standard_normal((depth, columns)).astype(kind)
        steps = (1, rows) if turned else (depth, 1)
        out = np.empty((rows, columns), kind)
        product(shifted(left.T if turned else left), *steps, shifted(right), out)
        np.testing.assert_allclose(out, left @ right, rtol=1e-4, atol=1e-5)


def test_a_row_does_not_depend_on_its_position():
    random = np.random.default_rng(1)
    row, right = random.standard_normal(17).astype("f"), random.standard_normal((17, 37)).astype("f")
    out = np.empty((11, 37), "f")
    product(shifted(np.tile(row, (11, 1))), 17, 1, shifted(right), out)
    assert (out == out[0]).all()
