"""The gradient step of an update of A2C as a compiled loop; see `rl/algorithms/a2c.py`.

A lane takes its step before the next lane begins. Its samples are processed in portions, so that all intermediate
results stay in the core's cache; the gradient is the sum over the portions. Actor and critic are multilayer
perceptrons. Weights are [lane, 2 * size], each net's as in `mlp.py`.
"""

from typing import Final, NamedTuple

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.rl.kernels.actor_critic_samples import SampleArrays
from fxai.rl.kernels.adam import AdamArrays, clipped_adam_step, gradient_norm
from fxai.rl.kernels.aligned_memory import aligned_rows
from fxai.rl.kernels.counter_bits import fill_keep
from fxai.rl.kernels.mlp import net_backward, net_forward, net_memory
from fxai.rl.kernels.softmax import fill_log_totals

A2C_STATISTICS: Final = ("policy_loss", "value_loss", "entropy", "grad_norm")
"""Statistics of an update, in the order in which the loop writes them."""

_PORTION = 64  # samples


class A2cNumbers(NamedTuple):
    """The hyperparameters of an update, each [lane]."""

    rate: Array  # learning rates
    entropy_coef: Array
    value_coef: Array
    max_grad_norm: Array  # infinite for a lane without it
    dropout: Array  # rates of dropout
    mask_stream: Array  # keys of the streams of dropout masks


def _add_loss(
    logits: Array,
    value: Array,
    action: Array,
    advantage: Array,
    target: Array,
    samples: int,
    entropy_coef: float,
    value_coef: float,
    parts: Array,
    d_logits: Array,
    d_value: Array,
    sums: Array,
) -> None:
    """Computes the derivatives of the loss of a portion; see `rl/algorithms/a2c_loss.py`.

    Args:
        logits: [action, sample].
        value: [sample].
        action: [sample].
        advantage: [sample].
        target: Of the value, [sample].
        samples: Number of samples of all portions.
        entropy_coef: Coefficient of the entropy.
        value_coef: Coefficient of the value loss.
        parts: Memory for at least as many samples, [3, sample].
        d_logits: Filled: [action, sample].
        d_value: Filled: [sample].
        sums: Increased by the sums over the samples: policy loss, value loss, entropy.
    """
    actions, count = logits.shape
    inverse_count = logits.dtype.type(1) / logits.dtype.type(samples)
    log_total, total, entropy = parts[0, :count], parts[1, :count], parts[2, :count]
    fill_log_totals(logits, log_total, d_logits, total)
    entropy[:] = 0
    for a in range(actions):
        for i in range(count):
            d_logits[a, i] /= total[i]  # the probabilities
            entropy[i] -= d_logits[a, i] * (logits[a, i] - log_total[i])
    for a in range(actions):
        for i in range(count):
            slope = advantage[i] + entropy_coef * (logits[a, i] - log_total[i] + entropy[i])
            d_logits[a, i] *= slope * inverse_count
    for i in range(count):
        d_logits[action[i], i] -= advantage[i] * inverse_count
        error = value[i] - target[i]
        d_value[i] = error * (value_coef * (inverse_count + inverse_count))
        sums[0] -= (logits[action[i], i] - log_total[i]) * advantage[i]
        sums[1] += error * error
        sums[2] += entropy[i]


@compiled_arithmetic
def a2c_step(
    weights: Array, adam: AdamArrays, samples: SampleArrays, numbers: A2cNumbers, widths: Array, statistics: Array
) -> None:
    """Takes the gradient step of all lanes.

    Args:
        weights: Changed: [lane, 2 * size].
        adam: Changed.
        samples: Those of the roll-out, each [lane, sample], and the observations [lane, sample, inputs].
        numbers: Hyperparameters.
        widths: Widths of the observation, the hidden layers and the outputs.
        statistics: Filled: `A2C_STATISTICS`, means over the samples, [lane, 4].
    """
    lanes, available, _ = samples.observation.shape
    size, actions, kind, most = weights.shape[1] // 2, widths[-1], weights.dtype, min(_PORTION, available)
    sites = widths[1:-1].sum()
    outputs, d_outputs = np.empty((actions + 1) * most, kind), np.empty((actions + 1) * most, kind)
    activations, masked = aligned_rows(2, most * sites, weights), aligned_rows(2, most * sites, weights)
    drawn_mask, no_mask = np.empty(2 * most * sites, kind), np.empty((0, 0, 0), kind)
    gradient, of_portion = np.empty(2 * size, kind), np.empty(2 * size, kind)
    parts, sums, memory = np.empty((3, most), kind), np.empty(3, kind), net_memory(weights[0], widths, most)
    actor, critic = slice(0, size), slice(size, 2 * size)
    for lane in range(lanes):
        gradient[:], sums[:] = 0, 0
        has_mask = numbers.dropout[lane] > 0
        after, own = masked if has_mask else activations, weights[lane]
        for begin in range(0, available, _PORTION):
            stop = min(begin + _PORTION, available)
            count, keep = stop - begin, no_mask
            if has_mask:
                keep = drawn_mask[: 2 * count * sites].reshape(2, count, sites)
                fill_keep(numbers.mask_stream[lane], samples.number[lane, begin:stop], numbers.dropout[lane], keep)
            logits = outputs[: actions * count].reshape(actions, count)
            estimate = outputs[actions * count : (actions + 1) * count].reshape(1, count)
            d_logits = d_outputs[: actions * count].reshape(actions, count)
            d_value = d_outputs[actions * count : (actions + 1) * count].reshape(1, count)
            batch = samples.observation[lane, begin:stop]
            net_forward(own[actor], widths, batch, keep, 0, activations[0], after[0], memory, logits)
            net_forward(own[critic], widths, batch, keep, 1, activations[1], after[1], memory, estimate)
            _add_loss(
                logits,
                estimate[0],
                samples.action[lane, begin:stop],
                samples.advantage[lane, begin:stop],
                samples.target[lane, begin:stop],
                available,
                numbers.entropy_coef[lane],
                numbers.value_coef[lane],
                parts,
                d_logits,
                d_value[0],
                sums,
            )
            net_backward(
                own[actor], widths, batch, keep, 0, activations[0], after[0], d_logits, memory, of_portion[actor]
            )
            net_backward(
                own[critic], widths, batch, keep, 1, activations[1], after[1], d_value, memory, of_portion[critic]
            )
            for k in range(2 * size):
                gradient[k] += of_portion[k]
        norm = gradient_norm(gradient)
        for k in range(3):
            statistics[lane, k] = sums[k] / weights.dtype.type(available)
        statistics[lane, 3] = norm
        clipped_adam_step(own, adam, lane, gradient, norm, numbers.max_grad_norm[lane], numbers.rate[lane])
