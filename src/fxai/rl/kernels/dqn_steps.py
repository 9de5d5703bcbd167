"""The gradient steps of one update of DQN as a compiled loop; see `rl/algorithms/dqn.py`.

A lane takes all its steps before the next lane begins, so that its weights stay in the core's cache. Networks are
multilayer perceptrons. Weights are [lane, critic * size], each critic's as in `mlp.py`.
"""

from typing import NamedTuple

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.rl.kernels.adam import AdamArrays, clipped_adam_step, gradient_norm
from fxai.rl.kernels.aligned_memory import aligned_rows
from fxai.rl.kernels.counter_bits import fill_keep
from fxai.rl.kernels.mlp import net_backward, net_forward, net_memory


class TransitionArrays(NamedTuple):
    """A replay buffer, and what is drawn from it for each gradient step."""

    observations: Array  # of the buffer, [transition, inputs]
    next_observations: Array  # of the buffer, [transition, inputs]
    actions: Array  # of the buffer, [transition]
    first: Array  # index of the observation and action, [lane, step, sample]
    last: Array  # index of the next observation, [lane, step, sample]
    reward: Array  # sum of rewards, [lane, step, sample]
    discount: Array  # of the next observation's value, [lane, step, sample]


class DqnNumbers(NamedTuple):
    """The hyperparameters of an update, each [lane]."""

    steps: Array  # gradient steps in this update; 0 for a lane that does not learn
    done: Array  # number of earlier gradient steps
    target_interval: Array  # steps between two updates of the target network
    rate: Array  # learning rates
    max_grad_norm: Array  # infinite for a lane without it
    target_tau: Array  # share of the online weights in an update of the target network
    dropout: Array  # rates of dropout on the observations
    mask_stream: Array  # keys of the streams of masks


def _action_values(
    weights: Array,
    widths: Array,
    dueling: bool,  # noqa: FBT001 - numba takes no keywords
    observation: Array,
    keep: Array,
    activations: Array,
    after_dropout: Array,
    memory: Array,
    values: Array,
) -> None:
    """Computes the values [critic, action, sample] of one lane; see `rl/algorithms/q_network.py`.

    `values` has a further row of memory for the state value, which is the first one if `dueling`.
    """
    critics, rows, samples = values.shape
    size = len(weights) // critics
    first = 0 if dueling else 1
    count = weights.dtype.type(rows - 1)
    for critic in range(critics):
        of_critic, outputs = weights[critic * size :], values[critic, first:]
        kept, after = activations[critic], after_dropout[critic]
        net_forward(of_critic, widths, observation, keep, critic, kept, after, memory, outputs)
        if dueling:
            for i in range(samples):
                total = outputs[1, i]
                for a in range(2, rows):
                    total += outputs[a, i]
                mean = total / count
                for a in range(1, rows):
                    outputs[a, i] = outputs[0, i] + (outputs[a, i] - mean)


def _targets(
    own: Array,
    target: Array,
    double: bool,  # noqa: FBT001
    reward: Array,
    discount: Array,
    wanted: Array,
) -> None:
    """Computes the target values [sample] from the values of the next observations [critic, 1 + action, sample].

    `own` are those of the online network, which are read if `double`, and `target` those of the target network. NaN
    counts as the largest value, as in torch.
    """
    critics, rows, samples = target.shape
    for i in range(samples):
        best = 0
        highest = future = reward.dtype.type(0)
        for a in range(1, rows):
            least = target[0, a, i]
            ranked = own[0, a, i]
            for critic in range(1, critics):
                other = target[critic, a, i]
                if other < least or other != other:  # noqa: PLR0124 - NaN differs from itself
                    least = other
                ranked += own[critic, a, i]
            if not double:
                ranked = least
            if best == 0 or ranked > highest or (ranked != ranked and highest == highest):  # noqa: PLR0124 - NaN
                best, highest, future = a, ranked, least
        wanted[i] = reward[i] + discount[i] * future


def _loss(
    values: Array,
    dueling: bool,  # noqa: FBT001
    action: Array,
    wanted: Array,
    d_outputs: Array,
    sums: Array,
) -> None:
    """Computes the derivatives of the loss by the outputs; see `rl/algorithms/dqn_loss.py`.

    Args:
        values: [critic, 1 + action, sample].
        dueling: Whether the first output is the state value.
        action: [sample].
        wanted: Target values [sample].
        d_outputs: Filled: [critic, output, sample].
        sums: Increased by the means over the minibatch and the critics: loss, value, size of the error.
    """
    critics, outputs, samples = d_outputs.shape
    real = values.dtype.type
    one, half, count, actions = real(1), real(0.5), real(samples), real(values.shape[1] - 1)
    loss_sum, value_sum, size_sum = real(0), real(0), real(0)
    for critic in range(critics):
        for i in range(samples):
            value = values[critic, 1 + action[i], i]
            error = value - wanted[i]
            size = abs(error)
            slope = error if size < one else one if error > 0 else -one
            if error != error:  # noqa: PLR0124 - NaN differs from itself
                slope = error
            slope /= count
            share = slope / actions if dueling else real(0)
            for a in range(outputs):
                d_outputs[critic, a, i] = -share
            if dueling:
                d_outputs[critic, 0, i] = slope
            d_outputs[critic, action[i] + (1 if dueling else 0), i] += slope
            loss_sum += half * error * error if size < one else size - half
            value_sum += value
            size_sum += size
    number = count * real(critics)
    sums[0] += loss_sum / number
    sums[1] += value_sum / number
    sums[2] += size_sum / number


def _move(target: Array, weights: Array, tau: float) -> None:
    """Moves the target weights by the share `tau` to the online weights [size]; 1 copies them exactly."""
    one = weights.dtype.type(1)
    for i in range(len(weights)):
        way = weights[i] - target[i]
        target[i] = target[i] + tau * way if tau + tau < one else weights[i] - way * (one - tau)


@compiled_arithmetic
def dqn_steps(
    weights: Array,
    target: Array,
    adam: AdamArrays,
    drawn: TransitionArrays,
    numbers: DqnNumbers,
    widths: Array,
    critics: int,
    dueling: bool,  # noqa: FBT001 - numba takes no keywords
    double: bool,  # noqa: FBT001
    statistics: Array,
) -> None:
    """Takes the gradient steps of all lanes.

    Args:
        weights: Changed: online weights [lane, critic * size].
        target: Changed: target weights, as `weights`.
        adam: Changed.
        drawn: The transitions of all steps.
        numbers: Hyperparameters.
        widths: Widths of the observation, the hidden layers and the outputs.
        critics: Number of critics.
        dueling: Whether the first output of a critic is the state value.
        double: Whether the online network selects the action of the target.
        statistics: Filled: means over the steps [lane, 4]: loss, value, size of the error, norm of the gradient.
    """
    lanes, size = weights.shape
    samples, inputs = drawn.first.shape[2], drawn.observations.shape[1]
    outputs, net_size = widths[-1], size // critics
    kind, real = weights.dtype, weights.dtype.type
    seen = np.empty((2, samples, inputs), kind)  # next observations, observations
    values = np.empty((3, critics, outputs if dueling else outputs + 1, samples), kind)
    sites = widths[1:-1].sum()
    activations = aligned_rows(critics, samples * sites, weights)
    masked = aligned_rows(critics, samples * sites, weights)
    drawn_mask, no_mask = np.empty((critics, samples, sites), kind), np.empty((0, 0, 0), kind)
    d_outputs, gradient = np.empty((critics, outputs, samples), kind), np.empty(size, kind)
    memory, wanted = net_memory(weights[0], widths, samples), np.empty(samples, kind)
    action, number = np.empty(samples, np.int64), np.empty(samples, np.int64)
    for lane in range(lanes):
        online, sums, rate = weights[lane], np.zeros(4, kind), numbers.dropout[lane]
        done, interval = numbers.done[lane], numbers.target_interval[lane]
        for step in range(numbers.steps[lane]):
            for i in range(samples):
                here, there = drawn.first[lane, step, i], drawn.last[lane, step, i]
                action[i] = drawn.actions[here]
                for j in range(inputs):
                    seen[0, i, j] = drawn.next_observations[there, j]
                    seen[1, i, j] = drawn.observations[here, j]
            if rate > 0:
                for i in range(samples):
                    number[i] = (done + step) * samples + i
                fill_keep(numbers.mask_stream[lane], number, rate, drawn_mask)
            for which in range(3):  # target and online network on the next observations, online on the observations
                if which == 1 and not double:
                    continue
                has_mask, network = which == 2 and rate > 0, target[lane] if which == 0 else online  # noqa: PLR2004
                keep, after = (drawn_mask, masked) if has_mask else (no_mask, activations)
                _action_values(
                    network, widths, dueling, seen[which // 2], keep, activations, after, memory, values[which]
                )
            ranks = values[1] if double else values[0]
            _targets(ranks, values[0], double, drawn.reward[lane, step], drawn.discount[lane, step], wanted)
            _loss(values[2], dueling, action, wanted, d_outputs, sums)
            for critic in range(critics):
                part, slopes = slice(critic * net_size, (critic + 1) * net_size), d_outputs[critic]
                kept, after_critic, filled = activations[critic], after[critic], gradient[part]
                net_backward(online[part], widths, seen[1], keep, critic, kept, after_critic, slopes, memory, filled)
            norm = gradient_norm(gradient)
            sums[3] += norm
            clipped_adam_step(online, adam, lane, gradient, norm, numbers.max_grad_norm[lane], numbers.rate[lane])
            if (done + step + 1) % interval == 0:
                _move(target[lane], online, numbers.target_tau[lane])
        for k in range(4):
            statistics[lane, k] = sums[k] / real(numbers.steps[lane])
