"""The gradient steps of one update of PPO as a compiled loop; see `rl/algorithms/ppo.py`.

A lane takes all its steps before the next lane begins, so that its weights, moments and samples stay in the core's
cache. Actor and critic are multilayer perceptrons. Weights are [lane, 2 * size], each net's as in `mlp.py`.
"""

from typing import Final, NamedTuple

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.rl.kernels.actor_critic_samples import SampleArrays
from fxai.rl.kernels.adam import AdamArrays, clipped_adam_step, gradient_norm
from fxai.rl.kernels.aligned_memory import aligned_rows
from fxai.rl.kernels.counter_bits import GOLDEN, fill_keep, mix
from fxai.rl.kernels.lane_copy import give_back_lane, lane_copy, net_parts, take_lane
from fxai.rl.kernels.mlp import net_backward, net_forward, net_memory
from fxai.rl.kernels.permutation import fill_permutation
from fxai.rl.kernels.ppo_loss import lane_ppo_loss

PPO_STATISTICS: Final = ("policy_loss", "value_loss", "entropy", "kl", "clip_fraction", "grad_norm")
"""Statistics of an update, in the order in which the loop writes them."""

KL_TOLERANCE: Final = 1.5  # an update stops when the divergence exceeds `target_kl` times this factor
_KL = 3  # place of the divergence among the statistics


class PpoNumbers(NamedTuple):
    """The hyperparameters of an update, each [lane]. A limit that a lane does not have is infinite."""

    rate: Array  # learning rates
    epochs: Array
    clip_epsilon: Array  # clipping ranges of the ratio
    value_clip_epsilon: Array  # clipping ranges of the value
    entropy_coef: Array
    value_coef: Array
    max_grad_norm: Array
    largest_kl: Array  # divergence beyond which a lane takes no further step
    dropout: Array  # rates of dropout


class PpoStreams(NamedTuple):
    """The streams of random numbers of an update, each [lane] int64."""

    masks: Array  # keys of the streams of dropout masks
    shuffles: Array  # keys of the streams of permutations
    epochs_before: Array  # number of earlier permutations


def _fill_minibatch(
    samples: SampleArrays, lane: int, chosen: Array, seen: Array, acted: Array, drawn_as: Array, known: Array
) -> None:
    """Copies the chosen samples of a lane: observations, actions, numbers, and the four rows of `known`."""
    for i in range(len(chosen)):
        at = chosen[i]
        for column in range(seen.shape[1]):
            seen[i, column] = samples.observation[lane, at, column]
        acted[i], drawn_as[i] = samples.action[lane, at], samples.number[lane, at]
        known[0, i], known[1, i] = samples.log_prob[lane, at], samples.value[lane, at]
        known[2, i], known[3, i] = samples.advantage[lane, at], samples.target[lane, at]


@compiled_arithmetic
def ppo_steps(
    weights: Array,
    adam: AdamArrays,
    samples: SampleArrays,
    numbers: PpoNumbers,
    streams: PpoStreams,
    batch_size: int,
    widths: Array,
    statistics: Array,
) -> None:
    """Takes the gradient steps of all lanes.

    Args:
        weights: Changed: [lane, 2 * size].
        adam: Changed.
        samples: Those of the roll-out, each [lane, sample], and the observations [lane, sample, inputs].
        numbers: Hyperparameters.
        streams: Random numbers.
        batch_size: Samples of a minibatch; the last one of an epoch has the remaining samples.
        widths: Widths of the observation, the hidden layers and the outputs.
        statistics: Filled: means `PPO_STATISTICS` [lane, 6], over the last epoch, and over all steps for a lane with
            `largest_kl`.
    """
    lanes, available, inputs = samples.observation.shape
    size, actions, kind, most = weights.shape[1] // 2, widths[-1], weights.dtype, min(batch_size, available)
    sites = widths[1:-1].sum()
    order = np.empty(available, np.int64)
    seen, acted, drawn_as = np.empty((most, inputs), kind), np.empty(most, np.int64), np.empty(most, np.int64)
    known = np.empty((4, most), kind)  # of the samples: log_prob, value, advantage, target
    outputs, d_outputs = np.empty((actions + 1) * most, kind), np.empty((actions + 1) * most, kind)
    activations, masked = aligned_rows(2, most * sites, weights), aligned_rows(2, most * sites, weights)
    drawn_mask, no_mask = np.empty(2 * most * sites, kind), np.empty((0, 0, 0), kind)
    sums, means, memory = np.empty(6, kind), np.empty(5, kind), net_memory(weights[0], widths, most)
    own = lane_copy(size, adam)
    (actor, critic), (d_actor, d_critic) = net_parts(own.weights, size), net_parts(own.gradient, size)
    for lane in range(lanes):
        sums[:] = 0
        counted, stopped, epochs = 0, False, numbers.epochs[lane]
        stops, has_mask = numbers.largest_kl[lane] < np.inf, numbers.dropout[lane] > 0
        after = masked if has_mask else activations
        take_lane(weights, adam, lane, own)
        for epoch in range(epochs):
            shuffle = streams.shuffles[lane] + (streams.epochs_before[lane] + epoch) * GOLDEN
            fill_permutation(mix(shuffle), order)
            for begin in range(0, available, batch_size):
                if stopped:
                    continue
                count = min(batch_size, available - begin)
                _fill_minibatch(samples, lane, order[begin : begin + count], seen, acted, drawn_as, known)
                keep = no_mask
                if has_mask:
                    keep = drawn_mask[: 2 * count * sites].reshape(2, count, sites)
                    fill_keep(streams.masks[lane], drawn_as[:count], numbers.dropout[lane], keep)
                logits = outputs[: actions * count].reshape(actions, count)
                estimate = outputs[actions * count : (actions + 1) * count].reshape(1, count)
                d_logits = d_outputs[: actions * count].reshape(actions, count)
                d_value = d_outputs[actions * count : (actions + 1) * count].reshape(1, count)
                batch = seen[:count]
                net_forward(actor, widths, batch, keep, 0, activations[0], after[0], memory, logits)
                net_forward(critic, widths, batch, keep, 1, activations[1], after[1], memory, estimate)
                lane_ppo_loss(
                    logits,
                    estimate[0],
                    acted[:count],
                    known[0, :count],
                    known[1, :count],
                    known[2, :count],
                    known[3, :count],
                    numbers.clip_epsilon[lane],
                    numbers.value_clip_epsilon[lane],
                    numbers.entropy_coef[lane],
                    numbers.value_coef[lane],
                    d_logits,
                    d_value[0],
                    means,
                )
                net_backward(actor, widths, batch, keep, 0, activations[0], after[0], d_logits, memory, d_actor)
                net_backward(critic, widths, batch, keep, 1, activations[1], after[1], d_value, memory, d_critic)
                norm = gradient_norm(own.gradient)
                if stops or epoch == epochs - 1:
                    counted += 1
                    for k in range(5):
                        sums[k] += means[k]
                    sums[5] += norm
                stopped = means[_KL] > numbers.largest_kl[lane]  # NaN does not stop a lane: it reaches the weights
                if not stopped:
                    limit, rate = numbers.max_grad_norm[lane], numbers.rate[lane]
                    clipped_adam_step(own.weights, own.adam, 0, own.gradient, norm, limit, rate)
        give_back_lane(own, weights, adam, lane)
        for k in range(6):
            statistics[lane, k] = sums[k] / weights.dtype.type(counted)
