"""Sums along rows whose rounding does not depend on the position of a row in memory.

On a GPU, torch's reductions read aligned groups of four numbers, so the order of addition depends on the alignment of
the row, and a lane's sum would depend on its position. If the length of rows is a multiple of four, all rows are
aligned. On a CPU torch sums each row from its first number.
"""

from torch import Tensor
from torch.nn import functional

_VECTOR = 4


def padded_rows(rows: Tensor) -> Tensor:
    """`rows` [..., n], on a GPU padded with zeros to a multiple of four."""
    missing = -rows.shape[-1] % _VECTOR
    return rows if rows.device.type == "cpu" or not missing else functional.pad(rows, (0, missing))


def row_sum(rows: Tensor) -> Tensor:
    """Sums [...] of the rows of [..., n]."""
    return padded_rows(rows).sum(-1)


def row_mean(rows: Tensor) -> Tensor:
    """Means [...] of the rows of [..., n]."""
    if rows.device.type == "cpu":
        return rows.mean(-1)
    return row_sum(rows) / rows.shape[-1]
