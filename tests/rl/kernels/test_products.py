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


SHAPES = [
    *((1, 1, 1), (5, 3, 2), (6, 4, 8), (7, 2, 9), (13, 20, 31)),
    *((64, 64, 64), (3, 9, 70), (4, 2, 64), (6, 5, 70)),
]
"""Rows, depth and columns."""


def shifted(matrix: Array) -> Array:
    return np.concatenate([[np.nan, np.nan], matrix.ravel()]).astype(matrix.dtype)


@pytest.mark.parametrize("turned", [False, True], ids=["", "transposed"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_every_shape_of_tiles(kind: DTypeLike, *, turned: bool):
    random = np.random.default_rng(0)
    for rows, depth, columns in [
        (1, 1, 1),
        (5, 3, 2),
        (6, 4, 8),
        (7, 2, 9),
        (13, 20, 31),
        (64, 64, 64),
        (3, 9, 70),
        (4, 2, 64),
        (6, 5, 70),
    ]:
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


def test_a_column_does_not_depend_on_the_number_of_columns():
    random = np.random.default_rng(2)
    left, column = random.standard_normal((5, 23)).astype("f"), random.standard_normal(23).astype("f")
    results = []
    for columns in (1, 3, 8, 15, 16, 31, 64, 70):
        out = np.empty((5, columns), "f")
        product(shifted(left), 23, 1, shifted(np.tile(column[:, None], (1, columns))), out)
        assert (out == out[:, :1]).all()
        results.append(out[:, 0])
    assert all((each == results[0]).all() for each in results)
