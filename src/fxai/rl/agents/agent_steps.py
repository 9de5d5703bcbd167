"""The steps of agents with greedy actions on the bars of a span."""

from dataclasses import replace

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_header import Weights
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.scores.compiled_scorer import CompiledScorer
from fxai.rl.scores.scored_span import ScoredSpan


def agent_steps(
    agent: Agent, weights: Weights, table: MarketTable, scored: ScoredSpan, *, device: str = "cpu"
) -> Array:
    """The steps of all lanes, as `ScoredSpan.scores` reads them. torch is imported if the agent or the device needs it.

    Args:
        agent: Its policy is that of all lanes.
        weights: [lane, size].
        table: The market, standardized for the agent.
        scored: The bars of each lane.
        device: "cpu" or "cuda:N".
    """
    nets = agent.nets if device == "cpu" else None
    if nets is not None:
        return CompiledScorer(table, scored, nets).steps(weights, range(len(weights)))
    from fxai.rl.agents.scoring import steps_by_torch  # noqa: PLC0415 - torch

    return steps_by_torch(agent.policy, weights, table, scored, device)


def member_steps(
    member: Agent, columns: tuple[int, ...], table: MarketTable, scored: ScoredSpan, *, device: str = "cpu"
) -> Array:
    """The steps of a member of a vote alone, which reads these columns of the observations."""
    nets = member.nets if device == "cpu" else None
    if nets is not None:
        of_member = replace(nets, columns=np.array([columns]))
        return CompiledScorer(table, scored, of_member).steps(member.weights, [0])
    from fxai.rl.agents.committee_policy import CommitteePolicy  # noqa: PLC0415 - torch
    from fxai.rl.agents.scoring import steps_by_torch  # noqa: PLC0415 - torch

    return steps_by_torch(CommitteePolicy(member.policy, (columns,), "values"), member.weights, table, scored, device)
