"""The derivatives of PPO's loss; `rl/algorithms/ppo_loss.py` says what is done and why."""

import math

import numpy as np

from fxai.rl.kernels.compiled import Array, compiled


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
    """Fill the last three. Logits are [lane, action, sample], statistics [lane, 5], coefficients [lane].

    Everything else is [lane, sample].
    """
    lanes, actions, samples = logits.shape
    real = logits.dtype.type
    one, two, share = real(1), real(2), real(1) / real(samples)
    log_probs, probs = np.empty(actions, logits.dtype), np.empty(actions, logits.dtype)
    for lane in range(lanes):
        limit, value_limit = clip_epsilon[lane], value_clip_epsilon[lane]
        entropy_share, value_share = entropy_coef[lane] * share, value_coef[lane] * two * share
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
            certainty = real(0)
            for a in range(actions):
                log_probs[a] = logits[lane, a, i] - log_total
                probs[a] /= total
                certainty += probs[a] * log_probs[a]

            taken = action[lane, i]
            log_ratio = log_probs[taken] - old_log_prob[lane, i]
            ratio = math.exp(log_ratio)
            change = ratio - one
            gain = ratio * advantage[lane, i]
            further = change if advantage[lane, i] > 0 else -change
            pull = gain * share if further <= limit else real(0)
            for a in range(actions):
                d_logits[lane, a, i] = probs[a] * (pull + entropy_share * (log_probs[a] - certainty))
            d_logits[lane, taken, i] -= pull

            error = value[lane, i] - target[lane, i]
            moved = value[lane, i] - old_value[lane, i]
            held = old_value[lane, i] + min(max(moved, -value_limit), value_limit) - target[lane, i]
            hidden = abs(moved) > value_limit and held * held > error * error
            d_value[lane, i] = real(0) if hidden else error * value_share

            sums[0] -= min(gain, (min(max(change, -limit), limit) + one) * advantage[lane, i])
            sums[1] += max(error * error, held * held) if value_limit < np.inf else error * error
            sums[2] -= certainty
            sums[3] += change - log_ratio
            sums[4] += one if abs(change) > limit else real(0)
        statistics[lane] = sums * share
