"""Derivatives of PPO's loss as a compiled loop; see `rl/algorithms/ppo_loss.py`."""

import math

import numpy as np

from fxai.market.rules.compiled import Array, compiled, separate


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
    statistics[:] = 0
    for i in range(samples):
        highest = logits[0, i]
        for a in range(1, actions):
            highest = max(highest, logits[a, i])
        total = real(0)
        for a in range(actions):
            d_logits[a, i] = math.exp(logits[a, i] - highest)
            total += d_logits[a, i]
        log_total = highest + math.log(total)
        negative_entropy = real(0)
        for a in range(actions):
            d_logits[a, i] /= total  # the probabilities
            negative_entropy += d_logits[a, i] * (logits[a, i] - log_total)

        log_ratio = logits[action[i], i] - log_total - old_log_prob[i]
        ratio = math.exp(log_ratio)
        change = ratio - one
        gain = ratio * advantage[i]
        advantage_change = change if advantage[i] > 0 else -change
        weight = gain * inverse_count if advantage_change <= limit else real(0)
        for a in range(actions):
            log_prob = logits[a, i] - log_total
            d_logits[a, i] *= weight + entropy_share * (log_prob - negative_entropy)
        d_logits[action[i], i] -= weight

        error = value[i] - target[i]
        value_change = value[i] - old_value[i]
        clipped_error = old_value[i] + min(max(value_change, -value_limit), value_limit) - target[i]
        is_clipped = abs(value_change) > value_limit and clipped_error * clipped_error > error * error
        d_value[i] = real(0) if is_clipped else error * value_share

        statistics[0] -= min(gain, (min(max(change, -limit), limit) + one) * advantage[i])
        statistics[1] += max(error * error, clipped_error * clipped_error) if value_limit < np.inf else error * error
        statistics[2] -= negative_entropy
        statistics[3] += change - log_ratio
        statistics[4] += one if abs(change) > limit else real(0)
    for k in range(len(statistics)):
        statistics[k] *= inverse_count


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
