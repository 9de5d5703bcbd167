"""Lanes that are through with an update while others go on.

The lanes of a pack stand in the order of their work, so those that still have some are the first ones, and
operations on these alone cost less. Where a device makes the width free, a mask is all that is needed.
"""

from collections.abc import Sequence

from torch import Tensor


def lanes_left(rounds: Sequence[int]) -> tuple[int, ...]:
    """For each round, one more than the last lane that has it; `rounds` says how many each lane has."""
    return tuple(max(lane + 1 for lane, number in enumerate(rounds) if number > done) for done in range(max(rounds)))


def none_of(mask: Tensor) -> bool:
    """Whether there is nothing to do; on a device, looking costs more than doing."""
    return mask.device.type == "cpu" and not mask.any()
