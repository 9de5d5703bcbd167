"""The ensemble of a training: its members from the weights of `VotingPolicy`."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from fxai.market.markets.instruments import MarketSet
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_header import Weights
from fxai.rl.agents.ensemble import Ensemble, Voter
from fxai.spec.fields.ensemble_members import ensemble_members
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig


def member_seed(seed: int, repetition: int) -> int:
    """Seed of a member's training, in [0, 2**32) for all but the first of its kind, which has the ensemble's seed.

    So the only member of a kind is the agent that a training of this kind alone gives.

    Args:
        seed: Of the ensemble.
        repetition: Number of members of the same kind before it.
    """
    if repetition == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"ensemble {seed} {repetition}".encode()).digest()[:4], "little")


def trained_ensemble(
    config: TrainingConfig, seed: int, markets: MarketSet, weights: Tensor, scoring_env: EnvConfig
) -> Ensemble:
    """The ensemble of a training on markets; `weights` [1, size] are those of `VotingPolicy`."""
    shell = Agent.trained(config, seed, markets, weights, scoring_env)
    members = ensemble_members(config)
    agents = [
        Agent.trained(each.config, member_seed(seed, each.repetition), markets, weights, scoring_env)
        for each in members
    ]
    *of_members, of_votes = weights.split([*(agent.policy.size for agent in agents), len(members)], dim=1)
    voters = [
        Voter(member.kind, replace(agent, weights=own.clone()), vote)
        for member, agent, own, vote in zip(members, agents, of_members, of_votes[0].tolist(), strict=True)
    ]
    return Ensemble.of(shell, voters)


def trained_ensembles(
    config: TrainingConfig, seeds: Sequence[int], markets: MarketSet, weights: Weights, scoring_env: EnvConfig
) -> list[Ensemble]:
    """The ensembles of trainings of several seeds; `weights` are [seed, size]."""
    rows = torch.from_numpy(weights).split(1)
    return [trained_ensemble(config, seed, markets, row, scoring_env) for seed, row in zip(seeds, rows, strict=True)]
