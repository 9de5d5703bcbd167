"""Adam's step as a compiled loop; see `rl/algorithms/adam.py`."""

import math

from fxai.market.rules.compiled import Array, compiled


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
