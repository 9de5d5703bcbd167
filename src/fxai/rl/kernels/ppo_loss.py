"""Derivatives of PPO's loss as a compiled loop; see `rl/algorithms/ppo_loss.py`."""

import math

import numpy as np

from fxai.market.rules.compiled import Array, compiled


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
    lanes, actions, samples = logits.shape
    real = logits.dtype.type
    one, two, inverse_count = real(1), real(2), real(1) / real(samples)
    log_probs, probs = np.empty(actions, logits.dtype), np.empty(actions, logits.dtype)
    for lane in range(lanes):
        limit, value_limit = clip_epsilon[lane], value_clip_epsilon[lane]
        entropy_share, value_share = entropy_coef[lane] * inverse_count, value_coef[lane] * two * inverse_count
        sums = np.zeros(5, logits.dtype)
        for i in range(samples):
            highest = logits[lane, 0, i]
            for a in range(1, actions):
                highest = max(highest, logits[lane, a, i])
            total = real(0)
            for a in range(actions):
                probs[a] = math.exp(logits[lane, a, i] - highest)
                total += probs[a]
            log_total = highest + math.log(total)
            negative_entropy = real(0)
            for a in range(actions):
                log_probs[a] = logits[lane, a, i] - log_total
                probs[a] /= total
                negative_entropy += probs[a] * log_probs[a]

            chosen = action[lane, i]
            log_ratio = log_probs[chosen] - old_log_prob[lane, i]
            ratio = math.exp(log_ratio)
            change = ratio - one
            gain = ratio * advantage[lane, i]
            advantage_change = change if advantage[lane, i] > 0 else -change
            weight = gain * inverse_count if advantage_change <= limit else real(0)
            for a in range(actions):
                d_logits[lane, a, i] = probs[a] * (weight + entropy_share * (log_probs[a] - negative_entropy))
            d_logits[lane, chosen, i] -= weight

            error = value[lane, i] - target[lane, i]
            value_change = value[lane, i] - old_value[lane, i]
            clipped_error = old_value[lane, i] + min(max(value_change, -value_limit), value_limit) - target[lane, i]
            is_clipped = abs(value_change) > value_limit and clipped_error * clipped_error > error * error
            d_value[lane, i] = real(0) if is_clipped else error * value_share

            sums[0] -= min(gain, (min(max(change, -limit), limit) + one) * advantage[lane, i])
            sums[1] += max(error * error, clipped_error * clipped_error) if value_limit < np.inf else error * error
            sums[2] -= negative_entropy
            sums[3] += change - log_ratio
            sums[4] += one if abs(change) > limit else real(0)
        statistics[lane] = sums * inverse_count
