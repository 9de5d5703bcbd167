"""Derivatives of PPO's loss as a compiled loop; see `rl/algorithms/ppo_loss.py`."""

import numpy as np

from fxai.market.rules.compiled import Array, compiled, separate
from fxai.rl.kernels.elementary import exp
from fxai.rl.kernels.softmax import fill_log_totals


@separate
def lane_ppo_loss(
    logits: Array,
    value: Array,
    action: Array,
    old_log_prob: Array,
    old_value: Array,
    advantage: Array,
    target: Array,
    limit: float,
    value_limit: float,
    entropy_coef: float,
    value_coef: float,
    d_logits: Array,
    d_value: Array,
    statistics: Array,
) -> None:
    """Computes the derivatives of one lane's loss; other loops call it.

    Args:
        logits: [action, sample].
        value: [sample].
        action: [sample].
        old_log_prob: [sample].
        old_value: [sample].
        advantage: [sample].
        target: [sample].
        limit: Clipping range of the ratio.
        value_limit: Clipping range of the value; infinite without it.
        entropy_coef: Coefficient of the entropy.
        value_coef: Coefficient of the value loss.
        d_logits: Filled: [action, sample].
        d_value: Filled: [sample].
        statistics: Filled: [5].
    """
    actions, samples = logits.shape
    real = logits.dtype.type
    one, two, inverse_count = real(1), real(2), real(1) / real(samples)
    entropy_share, value_share = entropy_coef * inverse_count, value_coef * two * inverse_count
    surrogate = squares = entropy = divergence = clipped = real(0)
    parts = np.empty((4, samples), logits.dtype)
    log_total, negative_entropy, weight = parts[0], parts[1], parts[2]
    fill_log_totals(logits, log_total, d_logits, parts[3])
    negative_entropy[:] = 0
    for a in range(actions):
        for i in range(samples):
            d_logits[a, i] /= parts[3, i]  # the probabilities
            negative_entropy[i] += d_logits[a, i] * (logits[a, i] - log_total[i])
    for i in range(samples):
        weight[i] = logits[action[i], i] - log_total[i] - old_log_prob[i]
    for i in range(samples):
        parts[3, i] = exp(weight[i])
    for i in range(samples):
        log_ratio, change = weight[i], parts[3, i] - one
        gain = parts[3, i] * advantage[i]
        advantage_change = change if advantage[i] > 0 else -change
        weight[i] = gain * inverse_count if advantage_change <= limit else real(0)
        surrogate += min(gain, (min(max(change, -limit), limit) + one) * advantage[i])
        entropy -= negative_entropy[i]
        divergence += change - log_ratio
        clipped += one if abs(change) > limit else real(0)
    for a in range(actions):
        for i in range(samples):
            log_prob = logits[a, i] - log_total[i]
            d_logits[a, i] *= weight[i] + entropy_share * (log_prob - negative_entropy[i])
    for i in range(samples):
        d_logits[action[i], i] -= weight[i]
        error = value[i] - target[i]
        value_change = value[i] - old_value[i]
        clipped_error = old_value[i] + min(max(value_change, -value_limit), value_limit) - target[i]
        is_clipped = abs(value_change) > value_limit and clipped_error * clipped_error > error * error
        d_value[i] = real(0) if is_clipped else error * value_share
        squares += max(error * error, clipped_error * clipped_error) if value_limit < np.inf else error * error
    sums = -surrogate, squares, entropy, divergence, clipped
    for k in range(len(sums)):
        statistics[k] = sums[k] * inverse_count


@compiled
def ppo_loss(
    logits: Array,
    value: Array,
    action: Array,
    old_log_prob: Array,
    old_value: Array,
    advantage: Array,
    target: Array,
    clip_epsilon: Array,
    value_clip_epsilon: Array,
    entropy_coef: Array,
    value_coef: Array,
    d_logits: Array,
    d_value: Array,
    statistics: Array,
) -> None:
    """Computes the derivatives of PPO's loss; fills `d_logits`, `d_value` and `statistics` [lane, 5].

    Logits are [lane, action, sample] and coefficients [lane]; the other arguments are [lane, sample].
    """
    for lane in range(len(logits)):
        known = action[lane], old_log_prob[lane], old_value[lane], advantage[lane], target[lane]
        limits = clip_epsilon[lane], value_clip_epsilon[lane]
        coefficients = entropy_coef[lane], value_coef[lane]
        filled = d_logits[lane], d_value[lane], statistics[lane]
        lane_ppo_loss(logits[lane], value[lane], *known, *limits, *coefficients, *filled)
