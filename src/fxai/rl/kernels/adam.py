"""Adam's step as a compiled loop; see `rl/algorithms/adam.py`."""

import math

from fxai.market.rules.compiled import Array, compiled


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
        factor, share, squares = clip_factor[lane], mean_share[lane, 0], square_share[lane, 0]
        step, denominator_epsilon = size[lane, 0], epsilon[lane, 0]
        if share == 0:
            continue
        for i in range(weights.shape[1]):
            scaled_gradient = gradient[lane, i] * factor
            first = mean[lane, i] + share * (scaled_gradient - mean[lane, i])
            second = square[lane, i] + squares * (scaled_gradient * scaled_gradient - square[lane, i])
            mean[lane, i] = first
            square[lane, i] = second
            weights[lane, i] -= first / (math.sqrt(second) + denominator_epsilon) * step
