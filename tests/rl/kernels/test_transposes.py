"""Transposes in blocks compared with numpy's."""

import numpy as np
import pytest
from numpy.typing import DTypeLike

from fxai.market.rules.compiled import Array, compiled
from fxai.rl.kernels.transposes import transpose


@compiled
def turn(matrix: Array, rows: int, columns: int, turned: Array) -> None:
    """Transposes a matrix that begins at the third number."""
    transpose(matrix, 2, rows, columns, turned, 2)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_every_shape_of_blocks(kind: DTypeLike):
    random = np.random.default_rng(0)
    for rows, columns in [(1, 1), (3, 5), (8, 8), (16, 4), (17, 40), (33, 15), (64, 64), (7, 64)]:
        matrix = random.standard_normal((rows, columns)).astype(kind)
        turned = np.full(rows * columns + 4, np.nan, kind)
        turn(np.concatenate([turned[:2], matrix.ravel()]), rows, columns, turned)
        np.testing.assert_array_equal(turned[2:-2].reshape(columns, rows), matrix.T)
        assert np.isnan(turned[[0, 1, -2, -1]]).all()
