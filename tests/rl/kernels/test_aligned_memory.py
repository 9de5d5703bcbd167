"""Where the memory of compiled loops begins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from fxai.market.rules.compiled import Array, compiled
from fxai.rl.kernels.aligned_memory import aligned, aligned_rows, whole_lines

LINE = 64


@compiled
def places(of: Array, rows: int, count: int, found: Array) -> None:
    """Fills `found` [4] with the length of a row, and the addresses of a memory and of the first and last row."""
    memory, matrix = aligned(count, of), aligned_rows(rows, count, of)
    memory[:], matrix[:] = 1, 1
    found[0], found[1] = matrix.shape[1], memory.ctypes.data
    found[2], found[3] = matrix[0].ctypes.data, matrix[rows - 1].ctypes.data


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 5), count=st.integers(1, 300))
def test_memory_and_rows_begin_with_a_line(kind: DTypeLike, rows: int, count: int):
    of, found = np.empty(1, kind), np.empty(4, np.int64)
    places(of, rows, count, found)
    length, *addresses = found
    assert length == whole_lines(count, of)
    assert count <= length < count + LINE // of.itemsize
    assert length * of.itemsize % LINE == 0
    assert all(address % LINE == 0 for address in addresses)
