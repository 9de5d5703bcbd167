"""Sums along rows whose rounding does not depend on where a row lies.

torch's reductions on a GPU read four numbers at once from wherever a row reaches a whole such portion, so that
rows which begin elsewhere in a portion are added up in another order: the lanes of a pack would differ by their
places. Rows that are made of whole portions all begin at the beginning of one. On a CPU torch sums each row
from its own beginning.
"""

from torch import Tensor
from torch.nn import functional

_PORTION = 4


def whole_portions(rows: Tensor) -> Tensor:
    """`rows` [..., n] with zeros behind each where that takes a GPU to sum them alike; on a CPU as they are."""
    missing = -rows.shape[-1] % _PORTION
    return rows if rows.device.type == "cpu" or not missing else functional.pad(rows, (0, missing))


def row_sum(rows: Tensor) -> Tensor:
    """Sums [...] of the rows of [..., n]."""
    return whole_portions(rows).sum(-1)


def row_mean(rows: Tensor) -> Tensor:
    """Means [...] of the rows of [..., n]."""
    if rows.device.type == "cpu":
        return rows.mean(-1)
    return row_sum(rows) / rows.shape[-1]
