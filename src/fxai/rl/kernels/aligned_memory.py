"""Memory for compiled loops that begins with a line of the processor's cache.

The longest vectors of a processor are as long as a line. A vector that lies in two lines takes two reads, so a product
of matrices that begin elsewhere takes about a tenth longer, and a store to two lines takes longer still.
"""

from typing import Final

import numpy as np

from fxai.market.rules.compiled import Array

_LINE: Final = 64  # bytes


def whole_lines(count: int, of: Array) -> int:
    """Returns how many numbers of the type of `of` the lines have that hold `count` of them."""
    per_line = _LINE // of.itemsize
    return (count + per_line - 1) // per_line * per_line


def aligned(count: int, of: Array) -> Array:
    """Returns memory for `count` numbers of the type of `of`."""
    memory = np.empty(count + _LINE // of.itemsize, of.dtype)
    first = (-memory.ctypes.data) % _LINE // of.itemsize
    return memory[first : first + count]


def aligned_rows(rows: int, count: int, of: Array) -> Array:
    """Returns memory [row, `whole_lines(count)`] in which each row begins with a line."""
    length = whole_lines(count, of)
    return aligned(rows * length, of).reshape(rows, length)
