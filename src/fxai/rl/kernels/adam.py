"""Adam's step as a compiled loop; see `rl/algorithms/adam.py`."""

import math
from typing import Final, NamedTuple

import numpy as np

from fxai.market.rules.compiled import Array, compiled, separate

BETAS: Final = (0.9, 0.999)
EPSILON: Final = 1e-5  # as in PPO's reference code (Huang et al. 2022, "The 37 implementation details of PPO", no. 3)
_TINY = 1.1754943508222875e-38  # smallest normal float32: no division by 0 before the first step
_SUMS = 64  # of the squares of a gradient, so that the processor adds many at once


class AdamArrays(NamedTuple):
    """The state of Adam, which a step changes, and its constants."""

    mean: Array  # first moments, as the weights
    square: Array  # second moments, as the weights
    powers: Array  # of the betas, [lane, 2] float64
    constants: Array  # betas and epsilon, [3] float64

    @classmethod
    def fresh(cls, weights: Array) -> "AdamArrays":
        """Returns the state before the first step of `weights` [lane, size]."""
        constants = np.array([*BETAS, EPSILON])
        return cls(np.zeros_like(weights), np.zeros_like(weights), np.ones((len(weights), 2)), constants)


def lane_adam_step(
    weights: Array,
    mean: Array,
    square: Array,
    gradient: Array,
    clip_factor: float,
    mean_share: float,
    square_share: float,
    size: float,
    epsilon: float,
) -> None:
    """Updates weights and moments [size] of one lane in place; other loops call it."""
    for i in range(len(weights)):
        scaled_gradient = gradient[i] * clip_factor
        first = mean[i] + mean_share * (scaled_gradient - mean[i])
        second = square[i] + square_share * (scaled_gradient * scaled_gradient - square[i])
        mean[i] = first
        square[i] = second
        weights[i] -= first / (math.sqrt(second) + epsilon) * size


def gradient_norm(gradient: Array) -> float:
    """Returns the norm of `gradient` [size]; other loops call it. The order of the sum depends on the size only."""
    sums = np.zeros(_SUMS, gradient.dtype)
    whole = len(gradient) // _SUMS * _SUMS
    for begin in range(0, whole, _SUMS):
        for j in range(_SUMS):
            sums[j] += gradient[begin + j] * gradient[begin + j]
    for j in range(len(gradient) - whole):
        sums[j] += gradient[whole + j] * gradient[whole + j]
    total = gradient.dtype.type(0)
    for j in range(_SUMS):
        total += sums[j]
    return math.sqrt(total)


@separate
def clipped_adam_step(
    weights: Array, adam: AdamArrays, lane: int, gradient: Array, norm: float, max_norm: float, rate: float
) -> None:
    """Takes a step of one lane in place, with the gradient limited to `max_norm`; other loops call it.

    Args:
        weights: Changed: those of the lane, [size].
        adam: Changed: the state of all lanes.
        lane: The lane.
        gradient: [size].
        norm: Norm of the gradient.
        max_norm: Limit of the norm.
        rate: Learning rate.
    """
    real, powers, constants = weights.dtype.type, adam.powers[lane], adam.constants
    clip_factor = real(max_norm / (norm + real(1e-6)))
    if clip_factor > real(1):
        clip_factor = real(1)
    powers[0] *= constants[0]
    powers[1] *= constants[1]
    root = math.sqrt(max(1 - powers[1], _TINY))
    size, epsilon = real(root * rate / max(1 - powers[0], _TINY)), real(constants[2] * root)
    mean_share, square_share = real(1 - constants[0]), real(1 - constants[1])
    mean, square = adam.mean[lane], adam.square[lane]
    lane_adam_step(weights, mean, square, gradient, clip_factor, mean_share, square_share, size, epsilon)


@compiled
def adam_step(
    weights: Array,
    mean: Array,
    square: Array,
    gradient: Array,
    clip_factor: Array,
    mean_share: Array,
    square_share: Array,
    size: Array,
    epsilon: Array,
) -> None:
    """Updates weights and moments [lane, size] in place.

    `clip_factor` is [lane], the last four arguments are [lane, 1]. A lane with a `mean_share` of 0 does not change.
    """
    for lane in range(weights.shape[0]):
        share, squares = mean_share[lane, 0], square_share[lane, 0]
        if share == 0:
            continue
        factor, step, denominator_epsilon = clip_factor[lane], size[lane, 0], epsilon[lane, 0]
        moments = mean[lane], square[lane]
        lane_adam_step(
            weights[lane], moments[0], moments[1], gradient[lane], factor, share, squares, step, denominator_epsilon
        )
