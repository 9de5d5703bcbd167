"""Collects the samples of an actor-critic as a compiled loop; see `rl/algorithms/experience.py`.

A lane takes all steps of its roll-out, and computes its advantages, before the next lane begins, so that its weights
and observations stay in the core's cache. Actor and critic are multilayer perceptrons. Weights are [lane, 2 * size],
each net's as in `mlp.py`.
"""

import math
from typing import NamedTuple

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic, separate
from fxai.rl.kernels.aligned_memory import aligned
from fxai.rl.kernels.counter_bits import fill_keep
from fxai.rl.kernels.market_arrays import Environments, MarketArrays
from fxai.rl.kernels.market_step import begin_lane, show_lane, step_lane
from fxai.rl.kernels.mlp import net_forward, net_memory
from fxai.rl.kernels.softmax import fill_log_totals

_PORTION = 64  # samples that the critic values together


class SampleArrays(NamedTuple):
    """The fields of `Samples`, each [lane, step, env, ...]."""

    observation: Array  # [lane, step, env, window, column]
    action: Array
    log_prob: Array
    value: Array
    advantage: Array
    target: Array
    number: Array


class RolloutDraws(NamedTuple):
    """The random numbers of a roll-out."""

    uniform: Array  # of the actions, on [0, 1), [lane, step, env]
    starts: Array  # first bars of the episodes that begin where one ends, [step, lane, env]
    ends: Array  # their last bars, [step, lane, env]
    dropout: Array  # rates of dropout [lane]
    mask_stream: Array  # keys of the streams of masks [lane]


def _choose(logits: Array, uniform: Array, parts: Array, action: Array, log_prob: Array) -> None:
    """Fills `action` and `log_prob` [env] by `logits` [action, env] and random numbers on [0, 1).

    `parts` [action + 2, env] is memory. See `algorithms/categorical.py`.
    """
    actions, envs = logits.shape
    exponentials, total, log_total = parts[:actions], parts[actions], parts[actions + 1]
    fill_log_totals(logits, log_total, exponentials, total)
    for env in range(envs):
        chosen, cumulative = 0, total.dtype.type(0)
        for a in range(actions - 1):  # the last action absorbs rounding errors
            cumulative += exponentials[a, env] / total[env]
            chosen += uniform[env] >= cumulative
        action[env] = chosen
        log_prob[env] = logits[chosen, env] - log_total[env]


def _fill_advantages(
    reward: Array,
    is_end: Array,
    value: Array,
    next_value: Array,
    gamma: float,
    gae_lambda: float,
    advantage: Array,
    target: Array,
) -> None:
    """Fills advantages and targets of a lane [step, env]; see `algorithms/advantages.py`.

    `next_value` is 0 where the step terminated its episode.
    """
    steps, envs = reward.shape
    decay, zero = gamma * gae_lambda, reward.dtype.type(0)
    for env in range(envs):
        estimate = zero
        for step in range(steps - 1, -1, -1):
            delta = reward[step, env] + gamma * next_value[step, env] - value[step, env]
            estimate = delta + (zero if is_end[step, env] else decay * estimate)
            advantage[step, env] = estimate
            target[step, env] = estimate + value[step, env]


def _normalize(advantage: Array) -> None:
    """Gives the advantages [step, env] the mean 0 and the standard deviation 1."""
    steps, envs = advantage.shape
    count, total, squares = steps * envs, 0.0, 0.0
    for step in range(steps):
        for env in range(envs):
            total += advantage[step, env]
    mean = total / count
    for step in range(steps):
        for env in range(envs):
            squares += (advantage[step, env] - mean) ** 2
    scale = 1.0 / (math.sqrt(squares / count) + 1e-8)
    for step in range(steps):
        for env in range(envs):
            advantage[step, env] = (advantage[step, env] - mean) * scale


@separate
def _fill_values(
    critic: Array, widths: Array, observation: Array, activations: Array, memory: Array, value: Array
) -> None:
    """Fills `value` [sample] by the critic at observations [sample, inputs]."""
    no_mask = np.empty((0, 0, 0), value.dtype)
    for begin in range(0, len(value), _PORTION):
        stop = min(begin + _PORTION, len(value))
        filled, seen = value[begin:stop].reshape(1, stop - begin), observation[begin:stop]
        net_forward(critic, widths, seen, no_mask, 0, activations, activations, memory, filled)


@compiled_arithmetic
def actor_critic_samples(
    market: MarketArrays,
    environments: Environments,
    draws: RolloutDraws,
    weights: Array,
    widths: Array,
    gamma: Array,
    gae_lambda: Array,
    normalizes: Array,
    samples: SampleArrays,
) -> None:
    """Takes the steps of all lanes, and computes the advantages and the targets of the value.

    Args:
        market: The market.
        environments: Changed.
        draws: Random numbers.
        weights: [lane, 2 * size].
        widths: Widths of the observation, the hidden layers and the outputs.
        gamma: Discounts [lane].
        gae_lambda: Lambdas [lane].
        normalizes: Whether the advantages are normalized, [lane].
        samples: Filled, except `number`.
    """
    lanes, steps, envs = draws.uniform.shape
    size, actions, kind = weights.shape[1] // 2, widths[-1], weights.dtype
    inputs, sites = widths[0], widths[1:-1].sum()
    most = max(envs, min(_PORTION, steps * envs))
    activations, masked = aligned(most * sites, weights), aligned(most * sites, weights)
    drawn_mask, no_mask = np.empty((1, envs, sites), kind), np.empty((0, 0, 0), kind)
    logits, parts = np.empty((actions, envs), kind), np.empty((actions + 2, envs), kind)
    memory = net_memory(weights[0], widths, most)
    after = np.empty(samples.observation.shape[2:], kind)  # the observations after the last step
    reward, is_end = np.empty((steps, envs), kind), np.empty((steps, envs), np.bool_)
    next_value = np.empty((steps, envs), kind)
    for lane in range(lanes):
        actor, critic = weights[lane, :size], weights[lane, size:]
        observation, action, log_prob = samples.observation[lane], samples.action[lane], samples.log_prob[lane]
        has_mask = draws.dropout[lane] > 0
        dropped, keep = (masked, drawn_mask) if has_mask else (activations, no_mask)
        marks, figures = environments.marks[lane], environments.figures[lane]
        show_lane(market, environments, lane, observation[0])
        for step in range(steps):
            if has_mask:
                fill_keep(draws.mask_stream[lane], samples.number[lane, step], draws.dropout[lane], drawn_mask)
            seen = observation[step].reshape(envs, inputs)
            net_forward(actor, widths, seen, keep, 0, activations, dropped, memory, logits)
            _choose(logits, draws.uniform[lane, step], parts, action[step], log_prob[step])
            following = observation[step + 1] if step + 1 < steps else after
            ended = step_lane(market, environments, lane, action[step], following)
            for env in range(envs):
                reward[step, env] = figures[env].reward
                is_end[step, env] = marks[env].terminated or marks[env].truncated
            if ended:
                for env in range(envs):  # the value of the last observation of a truncated episode
                    next_value[step, env] = 0
                    if marks[env].truncated and not marks[env].terminated:
                        last, found = following[env].reshape(1, inputs), next_value[step, env : env + 1]
                        _fill_values(critic, widths, last, activations, memory, found)
                begin_lane(environments, lane, draws.starts[step, lane], draws.ends[step, lane])
                show_lane(market, environments, lane, following)
        value = samples.value[lane]
        _fill_values(
            critic, widths, observation.reshape(steps * envs, inputs), activations, memory, value.reshape(steps * envs)
        )
        _fill_values(critic, widths, after.reshape(envs, inputs), activations, memory, logits[0])
        for step in range(steps):
            for env in range(envs):
                if not is_end[step, env]:
                    next_value[step, env] = value[step + 1, env] if step + 1 < steps else logits[0, env]
        advantage, target = samples.advantage[lane], samples.target[lane]
        _fill_advantages(reward, is_end, value, next_value, gamma[lane], gae_lambda[lane], advantage, target)
        if normalizes[lane]:
            _normalize(advantage)
