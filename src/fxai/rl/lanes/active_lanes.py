"""Lanes that still have work in an update while other lanes of the pack have finished.

Lanes are sorted by their amount of work, so the lanes with work left are the first ones, and operations on these lanes
alone cost less. That is used on CPUs, where a lane's numbers do not depend on the number of lanes. On other devices
they do, so every operation is on all lanes, with a mask.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def active_lanes(rounds: Sequence[int], device: torch.device) -> tuple[int, ...]:
    """Number of first lanes that take part in each round.

    Args:
        rounds: Number of rounds of each lane.
        device: On a device other than the CPU, all lanes take part.
    """
    if device.type != "cpu":
        return (len(rounds),) * max(rounds)
    return tuple(max(lane + 1 for lane, number in enumerate(rounds) if number > done) for done in range(max(rounds)))


def is_known_empty(mask: Tensor) -> bool:
    """Whether the mask is known to be empty.

    On a GPU it is always False, since the check costs more than masked work.
    """
    return mask.device.type == "cpu" and not mask.any()
