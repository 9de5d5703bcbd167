"""The gradient steps of one update of PPO as a compiled loop; see `rl/algorithms/ppo.py`.

A lane takes all its steps before the next lane begins, so that its weights, moments and samples stay in the core's
cache. Actor and critic are multilayer perceptrons. Weights are [lane, 2 * size], each net's as in `mlp.py`.
"""

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.rl.kernels.adam import clipped_adam_step, gradient_norm
from fxai.rl.kernels.counter_bits import fill_keep
from fxai.rl.kernels.mlp import net_backward, net_forward, net_memory
from fxai.rl.kernels.ppo_loss import lane_ppo_loss

_KL = 3  # place of the divergence among the statistics


@compiled_arithmetic
def ppo_steps(
    weights: Array,
    mean: Array,
    square: Array,
    powers: Array,
    adam: Array,
    observation: Array,
    action: Array,
    log_prob: Array,
    value: Array,
    advantage: Array,
    target: Array,
    number: Array,
    order: Array,
    epochs: Array,
    batch_size: int,
    rate: Array,
    clip_epsilon: Array,
    value_clip_epsilon: Array,
    entropy_coef: Array,
    value_coef: Array,
    max_grad_norm: Array,
    largest_kl: Array,
    dropout: Array,
    mask_stream: Array,
    widths: Array,
    statistics: Array,
) -> None:
    """Takes the gradient steps of all lanes.

    Args:
        weights: Changed: [lane, 2 * size].
        mean: Changed: Adam's first moments, as `weights`.
        square: Changed: Adam's second moments, as `weights`.
        powers: Changed: powers of Adam's betas, [lane, 2] float64.
        adam: Adam's betas and epsilon, [3] float64.
        observation: [lane, sample, inputs].
        action: [lane, sample], as the next five.
        log_prob: Of the action under the policy of the roll-out.
        value: Of the roll-out.
        advantage: Advantages.
        target: Of the value.
        number: Of the sample within the training.
        order: Of the samples in each epoch, [lane, epoch, sample].
        epochs: Number of epochs of each lane [lane].
        batch_size: Samples of a minibatch; the last one of an epoch has the remaining samples.
        rate: Learning rates [lane].
        clip_epsilon: Clipping ranges of the ratio [lane].
        value_clip_epsilon: Clipping ranges of the value [lane]; infinite for a lane without it.
        entropy_coef: Coefficients of the entropy [lane].
        value_coef: Coefficients of the value loss [lane].
        max_grad_norm: Limits of the gradient's norm [lane].
        largest_kl: Divergence beyond which a lane takes no further step [lane]; infinite for a lane without it.
        dropout: Rates of dropout [lane].
        mask_stream: Keys of the streams of masks [lane].
        widths: Widths of the observation, the hidden layers and the outputs.
        statistics: Filled: means [lane, 6] of the five of `ppo_loss` and the norm of the gradient, over the last epoch,
            and over all steps for a lane with `largest_kl`.
    """
    lanes, samples, inputs = observation.shape
    size, actions, kind, most = weights.shape[1] // 2, widths[-1], weights.dtype, min(batch_size, samples)
    sites = widths[1:-1].sum()
    seen, acted, numbers = np.empty((most, inputs), kind), np.empty(most, np.int64), np.empty(most, np.int64)
    known = np.empty((4, most), kind)  # of the samples: log_prob, value, advantage, target
    outputs, d_outputs = np.empty((actions + 1) * most, kind), np.empty((actions + 1) * most, kind)
    activations, masked = np.empty((2, most * sites), kind), np.empty((2, most * sites), kind)
    drawn_mask, no_mask = np.empty(2 * most * sites, kind), np.empty((0, 0, 0), kind)
    gradient, sums, means = np.empty(2 * size, kind), np.empty(6, kind), np.empty(5, kind)
    memory = net_memory(weights[0], widths, most)
    actor, critic = slice(0, size), slice(size, 2 * size)
    for lane in range(lanes):
        sums[:] = 0
        counted, stopped = 0, False
        stops, has_mask = largest_kl[lane] < np.inf, dropout[lane] > 0
        after = masked if has_mask else activations
        own, moments = weights[lane], (mean[lane], square[lane])
        for epoch in range(epochs[lane]):
            for begin in range(0, samples, batch_size):
                if stopped:
                    continue
                count = min(batch_size, samples - begin)
                for i in range(count):
                    at = order[lane, epoch, begin + i]
                    seen[i] = observation[lane, at]
                    acted[i], numbers[i] = action[lane, at], number[lane, at]
                    known[0, i], known[1, i] = log_prob[lane, at], value[lane, at]
                    known[2, i], known[3, i] = advantage[lane, at], target[lane, at]
                keep = no_mask
                if has_mask:
                    keep = drawn_mask[: 2 * count * sites].reshape(2, count, sites)
                    fill_keep(mask_stream[lane], numbers[:count], dropout[lane], keep)
                logits = outputs[: actions * count].reshape(actions, count)
                estimate = outputs[actions * count : (actions + 1) * count].reshape(1, count)
                d_logits = d_outputs[: actions * count].reshape(actions, count)
                d_value = d_outputs[actions * count : (actions + 1) * count].reshape(1, count)
                batch = seen[:count]
                net_forward(own[actor], widths, batch, keep, 0, activations[0], after[0], memory, logits)
                net_forward(own[critic], widths, batch, keep, 1, activations[1], after[1], memory, estimate)
                lane_ppo_loss(
                    logits,
                    estimate[0],
                    acted[:count],
                    known[0, :count],
                    known[1, :count],
                    known[2, :count],
                    known[3, :count],
                    clip_epsilon[lane],
                    value_clip_epsilon[lane],
                    entropy_coef[lane],
                    value_coef[lane],
                    d_logits,
                    d_value[0],
                    means,
                )
                net_backward(
                    own[actor], widths, batch, keep, 0, activations[0], after[0], d_logits, memory, gradient[actor]
                )
                net_backward(
                    own[critic], widths, batch, keep, 1, activations[1], after[1], d_value, memory, gradient[critic]
                )
                norm = gradient_norm(gradient)
                if stops or epoch == epochs[lane] - 1:
                    counted += 1
                    sums[:5] += means
                    sums[5] += norm
                stopped = means[_KL] > largest_kl[lane]  # NaN does not stop a lane: it reaches the weights
                if not stopped:
                    clipped_adam_step(
                        own,
                        moments[0],
                        moments[1],
                        powers[lane],
                        gradient,
                        norm,
                        max_grad_norm[lane],
                        rate[lane],
                        adam,
                    )
        for k in range(6):
            statistics[lane, k] = sums[k] / weights.dtype.type(counted)
