"""A sum and a mean whose rounding does not depend on the position of the numbers in memory."""

from torch import Tensor


def ordered_sum(values: Tensor) -> Tensor:
    """Sum over the second axis, added in order. The order of torch's sum depends on the position in memory."""
    first, *others = values.unbind(1)
    for other in others:
        first = first + other
    return first


def ordered_mean(values: Tensor) -> Tensor:
    """Mean over the second axis, added in order."""
    return ordered_sum(values) / values.shape[1]
