"""Takes the greedy steps of policies through episodes as a compiled loop; see `rl/agents/scoring.py`.

A lane takes all its steps before the next lane begins, so that its weights and observations stay in the core's cache.
The preferences of a policy are the outputs of one multilayer perceptron, as in `mlp.py`.
"""

from typing import Any, Final, TypeAlias

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.market.rules.rule_records import HOLD
from fxai.rl.kernels.market_arrays import Environments, MarketArrays
from fxai.rl.kernels.market_step import begin_lane, show_lane, step_lane
from fxai.rl.kernels.mlp import net_forward, net_memory

Record: TypeAlias = Any

STEP_FIELDS: Final = (
    *("reward", "step_return", "turnover"),
    *("closed", "closed_gain", "settled", "settled_gain", "exited", "exit_gain", "exit_price", "position"),
)
"""Fields of a step, in the order in which the loop writes them."""


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
    size: int,
    widths: Array,
    gaps: Array,
    fields: Array,
) -> None:
    """Takes the steps of one episode in each environment of all lanes.

    Args:
        market: The market, with steps of one bar.
        environments: Changed; each is at the first bar of its episode.
        starts: First bars of the episodes [lane, env].
        ends: Their last bars [lane, env].
        weights: [lane, number]; a lane's first `size` numbers are the weights of its net.
        size: Numbers of a net.
        widths: Widths of the observation, the hidden layers and the outputs.
        gaps: Bars from one decision of the policy to the next, [lane]; it holds between them.
        fields: The fields `STEP_FIELDS` [lane, field, env, step]. They are filled up to the end of the episode.
    """
    lanes, _, envs, steps = fields.shape
    kind, inputs, columns = weights.dtype, widths[0], market.features.shape[1] + market.scales.shape[1]
    activations, no_mask = np.empty(envs * widths[1:-1].sum(), kind), np.empty((0, 0, 0), kind)
    logits, memory = np.empty((widths[-1], envs), kind), net_memory(weights[0], widths, envs)
    observation = np.empty((envs, inputs // columns, columns), market.features.dtype)
    action, is_over = np.empty(envs, np.int64), np.empty(envs, np.bool_)
    for lane in range(lanes):
        net, marks, figures = weights[lane, :size], environments.marks[lane], environments.figures[lane]
        remaining = envs
        is_over[:] = False
        show_lane(market, environments, lane, observation)
        for step in range(steps):
            if step % gaps[lane] == 0:
                seen = observation.reshape(envs, inputs)
                net_forward(net, widths, seen, no_mask, 0, activations, activations, memory, logits)
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
