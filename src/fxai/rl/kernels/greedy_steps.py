"""Takes the greedy steps of policies through episodes as a compiled loop; see `rl/agents/scoring.py`.

A lane takes all its steps before the next lane begins, so that its weights and observations stay in the core's cache.
The preferences of a policy are the outputs of one multilayer perceptron, as in `mlp.py`, or the mean over those of a
committee's members.
"""

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.market.rules.rule_records import HOLD
from fxai.rl.kernels.aligned_memory import aligned
from fxai.rl.kernels.elementary import exp, log
from fxai.rl.kernels.market_arrays import Environments, MarketArrays
from fxai.rl.kernels.market_step import begin_lane, show_lane, step_lane
from fxai.rl.kernels.mlp import net_forward, net_memory
from fxai.rl.kernels.softmax import fill_log_totals

Record: TypeAlias = Any

STEP_FIELDS: Final = (
    *("reward", "step_return", "turnover"),
    *("closed", "closed_gain", "settled", "settled_gain", "exited", "exit_gain", "exit_price", "position"),
)
"""Fields of a step, in the order in which the loop writes them."""


class NetArrays(NamedTuple):
    """The nets that decide together. A lane's weights are those of each member, one after the other."""

    widths: Array  # of the observation, the hidden layers and the outputs
    size: int  # numbers of a net
    stride: int  # numbers of a member; the first ones are those of its net
    columns: Array  # of an observation, which each member reads, [member, column]
    of_probabilities: bool  # whether the mean is that of probabilities; else of the outputs


def _own_columns(observation: Array, columns: Array, own: Array) -> None:
    """Fills `own` [env, window, own column] with the columns of `observation` [env, window, column]."""
    envs, window, count = own.shape
    for env in range(envs):
        for row in range(window):
            for column in range(count):
                own[env, row, column] = observation[env, row, columns[column]]


def _fill_means(of_members: Array, nets: NetArrays, parts: Array, preferences: Array) -> None:
    """Fills `preferences` [action, env] with mean outputs, or the logarithms of mean probabilities.

    `of_members` [member, action, env] are changed, `parts` [action + 3, env] is memory. See
    `rl/agents/committee_policy.py`.
    """
    (members, actions, envs), of_probabilities = of_members.shape, nets.of_probabilities
    count, zero = preferences.dtype.type(members), preferences.dtype.type(0)
    log_total, total, largest = parts[actions], parts[actions + 1], parts[actions + 2]
    if of_probabilities:
        for member in range(members):
            fill_log_totals(of_members[member], log_total, parts[:actions], total)
            for a in range(actions):
                for env in range(envs):
                    of_members[member, a, env] -= log_total[env]
    for a in range(actions):
        for env in range(envs):
            largest[env] = of_members[0, a, env] if of_probabilities else zero
            preferences[a, env] = zero
        if of_probabilities:
            for member in range(1, members):
                for env in range(envs):
                    largest[env] = max(largest[env], of_members[member, a, env])
        for member in range(members):
            for env in range(envs):
                value = of_members[member, a, env]
                preferences[a, env] += exp(value - largest[env]) if of_probabilities else value
        for env in range(envs):
            mean = preferences[a, env] / count
            preferences[a, env] = largest[env] + log(mean) if of_probabilities else mean


def _choose(logits: Array, action: Array) -> None:
    """Fills `action` [env] with the first of the largest `logits` [action, env]."""
    actions, envs = logits.shape
    for env in range(envs):
        chosen = 0
        for a in range(1, actions):
            if logits[a, env] > logits[chosen, env]:
                chosen = a
        action[env] = chosen


def _write(fields: Array, env: int, step: int, figure: Record, mark: Record) -> None:
    """Writes a step of one environment into `fields` [field, env, step]."""
    fields[0, env, step], fields[1, env, step] = figure.reward, figure.step_return
    fields[2, env, step] = figure.turnover
    fields[3, env, step], fields[4, env, step] = mark.closed, figure.closed_gain
    fields[5, env, step], fields[6, env, step] = mark.settled, figure.settled_gain
    fields[7, env, step], fields[8, env, step] = mark.exited, figure.exit_gain
    fields[9, env, step], fields[10, env, step] = figure.exit_price, figure.position


@compiled_arithmetic
def greedy_steps(
    market: MarketArrays,
    environments: Environments,
    starts: Array,
    ends: Array,
    weights: Array,
    nets: NetArrays,
    gaps: Array,
    fields: Array,
) -> None:
    """Takes the steps of one episode in each environment of all lanes.

    Args:
        market: The market, with steps of one bar.
        environments: Changed; each is at the first bar of its episode.
        starts: First bars of the episodes [lane, env].
        ends: Their last bars [lane, env].
        weights: [lane, number].
        nets: The nets of each lane.
        gaps: Bars from one decision of the policy to the next, [lane]; it holds between them.
        fields: The fields `STEP_FIELDS` [lane, field, env, step]. They are filled up to the end of the episode.
    """
    lanes, _, envs, steps = fields.shape
    members, own_columns = nets.columns.shape
    widths, size, actions = nets.widths, nets.size, nets.widths[-1]
    kind, inputs, columns = weights.dtype, widths[0], market.features.shape[1] + market.scales.shape[1]
    window = inputs // own_columns
    activations, no_mask = aligned(envs * widths[1:-1].sum(), weights), np.empty((0, 0, 0), kind)
    logits, memory = np.empty((widths[-1], envs), kind), net_memory(weights[0], widths, envs)
    observation = np.empty((envs, window, columns), market.features.dtype)
    own = np.empty((envs, window, own_columns), market.features.dtype)
    of_members, parts = np.empty((members, actions, envs), kind), np.empty((actions + 3, envs), kind)
    action, is_over = np.empty(envs, np.int64), np.empty(envs, np.bool_)
    for lane in range(lanes):
        marks, figures = environments.marks[lane], environments.figures[lane]
        remaining = envs
        is_over[:] = False
        show_lane(market, environments, lane, observation)
        for step in range(steps):
            if step % gaps[lane] == 0:
                for member in range(members):
                    begin = member * nets.stride
                    net = weights[lane, begin : begin + size]
                    outputs = logits if members == 1 else of_members[member]
                    seen = observation
                    if members > 1 or own_columns < columns:
                        _own_columns(observation, nets.columns[member], own)
                        seen = own
                    flat = seen.reshape(envs, inputs)
                    net_forward(net, widths, flat, no_mask, 0, activations, activations, memory, outputs)
                if members > 1:
                    _fill_means(of_members, nets, parts, logits)
                _choose(logits, action)
            else:
                action[:] = HOLD
            ended = step_lane(market, environments, lane, action, observation)
            for env in range(envs):
                if not is_over[env]:
                    _write(fields[lane], env, step, figures[env], marks[env])
                    is_over[env] = marks[env].terminated or marks[env].truncated
                    remaining -= is_over[env]
            if remaining == 0:
                break
            if ended:  # an environment whose episode is over goes on, because a step is one of all environments
                begin_lane(environments, lane, starts[lane], ends[lane])
                show_lane(market, environments, lane, observation)
