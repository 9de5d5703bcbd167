"""The ensemble of a training: its members from the weights of `VotingPolicy`."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fxai.market.markets.instruments import MarketSet
from fxai.rl.agents.agent import Agent, Voter
from fxai.rl.agents.agent_header import Weights
from fxai.rl.agents.ensemble import Ensemble
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
    config: TrainingConfig, seed: int, markets: MarketSet, weights: Weights, scoring_env: EnvConfig
) -> Ensemble:
    """The ensemble of a training on markets; `weights` [1, size] are those of `VotingPolicy`."""
    shell = Agent.trained(config, seed, markets, weights, scoring_env)
    members = ensemble_members(config)
    agents = [
        Agent.trained(each.config, member_seed(seed, each.repetition), markets, weights, scoring_env)
        for each in members
    ]
    *of_members, of_votes = np.split(weights, np.cumsum([agent.size for agent in agents]), axis=1)
    voters = [
        Voter(member.kind, replace(agent, weights=own.copy()), vote)
        for member, agent, own, vote in zip(members, agents, of_members, of_votes[0].tolist(), strict=True)
    ]
    return Ensemble.of(shell, voters)


def trained_ensembles(
    config: TrainingConfig, seeds: Sequence[int], markets: MarketSet, weights: Weights, scoring_env: EnvConfig
) -> list[Ensemble]:
    """The ensembles of trainings of several seeds; `weights` are [seed, size]."""
    pairs = zip(seeds, weights, strict=True)
    return [trained_ensemble(config, seed, markets, row[None], scoring_env) for seed, row in pairs]
