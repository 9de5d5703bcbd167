"""A copy of what the gradient steps of a lane change, in which actor and critic begin with a line of the cache.

In the arrays of all lanes a net begins anywhere. The copies there and back take far less time than a gradient step.
"""

from typing import NamedTuple

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.kernels.adam import AdamArrays
from fxai.rl.kernels.aligned_memory import aligned_rows, whole_lines


class LaneCopy(NamedTuple):
    """The state of a lane with an actor and a critic. `stride` is the size of a net in whole lines."""

    weights: Array  # [2 * stride]: those of the actor, zeros, those of the critic, zeros
    gradient: Array  # as the weights
    adam: AdamArrays  # of one lane; its moments are as the weights


def lane_copy(size: int, of: AdamArrays) -> LaneCopy:
    """Returns memory for a lane whose nets have `size` weights each. The gradient is zero."""
    memory = aligned_rows(4, 2 * whole_lines(size, of.mean), of.mean)
    memory[1] = 0
    return LaneCopy(memory[0], memory[1], AdamArrays(memory[2:3], memory[3:4], np.empty((1, 2)), of.constants))


def net_parts(array: Array, size: int) -> tuple[Array, Array]:
    """Returns the parts of the actor and of the critic of an array of a copy, [size] each."""
    stride = len(array) // 2
    return array[:size], array[stride : stride + size]


def _spread(of_lane: Array, copy: Array) -> None:
    """Copies `of_lane` [2 * size] to `copy` [2 * stride]."""
    size, stride = len(of_lane) // 2, len(copy) // 2
    for net in range(2):
        for i in range(stride):
            copy[net * stride + i] = of_lane[net * size + i] if i < size else copy.dtype.type(0)


def _join(copy: Array, of_lane: Array) -> None:
    """Copies `copy` [2 * stride] to `of_lane` [2 * size]."""
    size, stride = len(of_lane) // 2, len(copy) // 2
    for net in range(2):
        for i in range(size):
            of_lane[net * size + i] = copy[net * stride + i]


def take_lane(weights: Array, adam: AdamArrays, lane: int, copy: LaneCopy) -> None:
    """Copies a lane from the arrays of all lanes [lane, 2 * size]."""
    _spread(weights[lane], copy.weights)
    _spread(adam.mean[lane], copy.adam.mean[0])
    _spread(adam.square[lane], copy.adam.square[0])
    for beta in range(2):
        copy.adam.powers[0, beta] = adam.powers[lane, beta]


def give_back_lane(copy: LaneCopy, weights: Array, adam: AdamArrays, lane: int) -> None:
    """Copies a lane to the arrays of all lanes [lane, 2 * size]."""
    _join(copy.weights, weights[lane])
    _join(copy.adam.mean[0], adam.mean[lane])
    _join(copy.adam.square[0], adam.square[lane])
    for beta in range(2):
        adam.powers[lane, beta] = copy.adam.powers[0, beta]
