"""Adam's step; `rl/algorithms/adam.py` says what is done and why."""

import math

from fxai.rl.kernels.compiled import Array, compiled


@compiled
def adam_step(
    weights: Array,
    mean: Array,
    square: Array,
    gradient: Array,
    shrink: Array,
    mean_share: Array,
    square_share: Array,
    size: Array,
    epsilon: Array,
) -> None:
    """Change weights and moments [lane, size] in place; `shrink` is [lane], the other four are [lane, 1].

    A lane whose gradient has no share in its mean stays as it is.
    """
    for lane in range(weights.shape[0]):
        factor, share, squares = shrink[lane], mean_share[lane, 0], square_share[lane, 0]
        step, softening = size[lane, 0], epsilon[lane, 0]
        if share == 0:
            continue
        for i in range(weights.shape[1]):
            slope = gradient[lane, i] * factor
            first = mean[lane, i] + share * (slope - mean[lane, i])
            second = square[lane, i] + squares * (slope * slope - square[lane, i])
            mean[lane, i] = first
            square[lane, i] = second
            weights[lane, i] -= first / (math.sqrt(second) + softening) * step
