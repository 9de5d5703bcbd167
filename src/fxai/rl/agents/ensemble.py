"""An ensemble: agents of several kinds that vote on each action, used like one agent.

The members have the same data, environment and network size, and different algorithms or seeds. `fxai.rl.agents.voting`
states the rules of the vote. A committee of ensembles, one for each seed, is one vote of all their members, in which
each ensemble counts equally.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from fxai.market.features.standardizer import Standardizer
from fxai.rl.agents.agent import Agent, Voter
from fxai.rl.agents.agent_header import Weights
from fxai.rl.agents.agent_instruments import AgentInstrument, is_empty
from fxai.rl.agents.agent_versions import versions
from fxai.rl.agents.joint_observation import distinct
from fxai.rl.agents.tensor_file import write_tensors
from fxai.spec.fields.algorithm import Algorithm
from fxai.spec.fields.ensemble_config import EnsembleConfig, member_names
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig

if TYPE_CHECKING:
    from fxai.rl.agents.voting import VotingPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble(Agent):
    """Agents of several kinds that vote; see `of`.

    `standardizer` joins the different standardizers of the members, and `weights` are those of `VotingPolicy`.
    """

    voters: tuple[Voter, ...]  # those of one kind one after the other

    @classmethod
    def of(cls, shell: Agent, voters: Sequence[Voter]) -> "Ensemble":
        """The ensemble of members.

        Args:
            shell: Configuration of the ensemble, seed and data; its standardizer and weights are not used.
            voters: The members, those of one kind one after the other.
        """
        return cls(
            config=shell.config,
            seed=shell.seed,
            standardizer=joined_standardizer(voters),
            data_hash=shell.data_hash,
            weights=voting_weights(voters),
            scoring_env=shell.scoring_env,
            instruments=shell.instruments,
            voters=tuple(voters),
        )

    def on(self, instrument: str) -> "Ensemble":
        shell = Agent.on(self, instrument)
        return Ensemble.of(shell, [Voter(each.kind, each.agent.on(instrument), each.weight) for each in self.voters])

    @property
    def policy(self) -> "VotingPolicy":
        from fxai.rl.agents.voting import voting_policy  # noqa: PLC0415 - torch

        return voting_policy(self, self.voters)

    @property
    def nets(self) -> None:
        """None: votes are computed by torch."""

    @property
    def members(self) -> Mapping[str, Agent]:
        """The members by name, such as `d3qn_0`."""
        return named_members(self.voters)

    def save(self, path: Path) -> None:
        """Write a safetensors file with the weights of each member under its name, and a header."""
        save_ensembles(path, [self])


def voters_of(ensembles: Sequence[Ensemble]) -> tuple[Voter, ...]:
    """The members of several ensembles in one vote, those of one kind one after the other."""
    every = [Voter(each.kind, each.agent, each.weight / len(ensembles)) for one in ensembles for each in one.voters]
    kinds = dict.fromkeys(each.kind for each in every)
    return tuple(each for kind in kinds for each in every if each.kind == kind)


def named_members(voters: Sequence[Voter]) -> dict[str, Agent]:
    """The agents of a vote by their distinct names."""
    names = member_names(tuple(each.kind for each in voters))
    return {name: each.agent for name, each in zip(names, voters, strict=True)}


def joined_standardizer(voters: Sequence[Voter]) -> Standardizer:
    """The standardizer of the observations of all members."""
    return Standardizer.join(distinct([each.agent.standardizer for each in voters]))


def voting_weights(voters: Sequence[Voter]) -> Weights:
    """The weights of `voting_policy`, [1, size]."""
    of_votes = np.array([[each.weight for each in voters]], np.float32)
    return np.concatenate([*(each.agent.weights for each in voters), of_votes], axis=1)


def save_ensembles(path: Path, ensembles: Sequence[Ensemble]) -> None:
    """Write one ensemble, or several of one configuration that vote together."""
    first, many = ensembles[0], len(ensembles)
    of_ensemble = {id(each.agent): place for place, one in enumerate(ensembles) for each in one.voters}
    voters = voters_of(ensembles)
    named = named_members(voters)
    header = EnsembleHeader(
        config=first.config,
        seeds=tuple(each.seed for each in ensembles),
        members=tuple(
            EnsembleFileMember(
                name=name,
                kind=voter.kind,
                ensemble=of_ensemble[id(voter.agent)],
                seed=voter.agent.seed,
                weight=voter.weight * many,
                training=voter.agent.config.training,
                standardizer=voter.agent.standardizer,
                instruments=voter.agent.instruments,
            )
            for name, voter in zip(named, voters, strict=True)
        ),
        data_hash=first.data_hash,
        scoring_env=first.scoring_env,
        instruments=first.instruments,
        versions=versions(),
    )
    weights = {name: agent.weights for name, agent in named.items()}
    write_tensors(path, header.model_dump(mode="json"), weights)


class EnsembleFileMember(Record):
    """A member in the header of an ensemble's file; its weights are the array of its name."""

    name: str
    kind: str
    ensemble: int  # the place of its ensemble
    seed: int
    weight: float  # of its vote in its ensemble
    training: Algorithm
    standardizer: Standardizer
    instruments: tuple[AgentInstrument, ...] = Field(default=(), exclude_if=is_empty)


class EnsembleHeader(Record):
    """The JSON of an ensemble's file."""

    format: Literal["fxai ensemble 1"] = "fxai ensemble 1"
    config: TrainingConfig
    seeds: tuple[int, ...] = Field(min_length=1)  # of the ensembles
    members: tuple[EnsembleFileMember, ...] = Field(min_length=1)
    data_hash: str
    scoring_env: EnvConfig | None = None
    instruments: tuple[AgentInstrument, ...] = Field(default=(), exclude_if=is_empty)
    versions: dict[str, str]

    def ensembles(self, arrays: Mapping[str, Weights]) -> tuple[Ensemble, ...] | None:
        """The ensembles with the weights of each member by name; None if a member has no array of its size."""
        voters: list[list[Voter]] = [[] for _ in self.seeds]
        for each in self.members:
            config = self.config.model_copy(update={"ensemble": EnsembleConfig(), "training": each.training})
            weights = arrays.get(each.name)
            if weights is None or not 0 <= each.ensemble < len(voters):
                return None
            agent = Agent(
                config, each.seed, each.standardizer, self.data_hash, weights, self.scoring_env, each.instruments
            )
            if weights.shape != (1, agent.size):
                return None
            voters[each.ensemble].append(Voter(each.kind, agent, each.weight))
        return tuple(map(self._ensemble, self.seeds, voters)) if all(voters) else None

    def _ensemble(self, seed: int, voters: Sequence[Voter]) -> Ensemble:
        first = voters[0].agent
        shell = Agent(
            self.config,
            seed,
            first.standardizer,
            self.data_hash,
            first.weights,
            self.scoring_env,
            self.instruments,
        )
        return Ensemble.of(shell, voters)
