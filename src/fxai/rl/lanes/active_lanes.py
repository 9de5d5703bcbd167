"""Lanes that are through with an update while others go on.

The lanes of a pack stand in the order of their work, so those that still have some are the first ones, and
operations on these alone cost less. That is for the CPU, where a lane's numbers are the same at any width.
On a device they are the same at one width only: there every operation is on all lanes, and a mask says
which of them it changes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def active_lanes(rounds: Sequence[int], device: torch.device) -> tuple[int, ...]:
    """How many of the first lanes take part in each round; `rounds` says how many rounds each lane has.

    One more than the last lane that has the round; on a device all.
    """
    if device.type != "cpu":
        return (len(rounds),) * max(rounds)
    return tuple(max(lane + 1 for lane, number in enumerate(rounds) if number > done) for done in range(max(rounds)))


def none_of(mask: Tensor) -> bool:
    """Whether there is nothing to do; on a device, looking costs more than doing."""
    return mask.device.type == "cpu" and not mask.any()
