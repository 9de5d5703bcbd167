"""A committee: agents of one configuration and several seeds that decide together.

The members are single agents, or ensembles of agents of several kinds. All members of ensembles are one vote
(`fxai.rl.agents.voting`), in which each ensemble counts equally. Of single agents, the preferences of a committee are
the logarithms of the mean of its members' probabilities, or the mean of the action values of DQN agents. Each member
has the standardizer of its own training. Where standardizers differ, an observation of the committee has the features
once for each standardizer, side by side, and each member reads its own columns: a member sees to the last bit what it
sees alone. One standardizer cannot be computed from another, because standardized features are clipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fxai.errors import InputError
from fxai.market.features.standardizer import Standardizer
from fxai.rl.agents.agent import Agent, Voter, header_of
from fxai.rl.agents.agent_header import CommitteeHeader, write_agent_file
from fxai.rl.agents.ensemble import Ensemble, joined_standardizer, save_ensembles, voters_of, voting_weights
from fxai.rl.agents.joint_observation import columns_of, distinct
from fxai.rl.scores.acting_nets import ActingNets

if TYPE_CHECKING:
    from fxai.rl.agents.committee_policy import CommitteePolicy
    from fxai.rl.agents.voting import VotingPolicy

_SHARED = ("config", "data_hash", "scoring_env")
"""Fields of an agent in which the members of a committee agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committee(Agent):
    """Agents that decide together, used like one agent; see `of`.

    `seed` is that of the first member, `standardizer` joins the different standardizers of the members, and `weights`
    [1, member * size] has the weights of all members.
    """

    members: tuple[Agent, ...]  # single agents, or ensembles

    @classmethod
    def of(cls, members: Sequence[Agent]) -> "Committee":
        """The committee of agents.

        Raises:
            InputError: If there is no agent, an agent is a committee, or the agents differ in more than their seed,
                standardizer and weights.
        """
        if not members:
            raise InputError("a committee needs at least one agent")
        first = members[0]
        for place, member in enumerate(members):
            if isinstance(member, Committee):
                raise InputError(f"agent {place} is a committee; a committee consists of single agents or ensembles")
            differing = [name for name in _SHARED if getattr(member, name) != getattr(first, name)]
            if member.standardizer.names != first.standardizer.names:
                differing.append("features")
            if [each.name for each in member.instruments] != [each.name for each in first.instruments]:
                differing.append("instruments")
            if differing:
                raise InputError(
                    f"the agents of a committee have the same {', '.join(_SHARED)} and features; agent {place} "
                    f"differs from agent 0 in {', '.join(differing)}"
                )
        if voters := voters_of(_ensembles(members)):
            standardizer, weights = joined_standardizer(voters), voting_weights(voters)
        else:
            standardizer = Standardizer.join(distinct([member.standardizer for member in members]))
            weights = np.concatenate([member.weights for member in members], axis=1)
        return cls(
            config=first.config,
            seed=first.seed,
            standardizer=standardizer,
            data_hash=first.data_hash,
            weights=weights,
            scoring_env=first.scoring_env,
            instruments=first.instruments,
            members=tuple(members),
        )

    def on(self, instrument: str) -> "Committee":
        return Committee.of([member.on(instrument) for member in self.members])

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(member.seed for member in self.members)

    @property
    def voters(self) -> tuple[Voter, ...]:
        """The members of all ensembles; empty for a committee of single agents."""
        return voters_of(_ensembles(self.members))

    @property
    def policy(self) -> "CommitteePolicy | VotingPolicy":
        from fxai.rl.agents.committee_policy import CommitteePolicy  # noqa: PLC0415 - torch
        from fxai.rl.agents.voting import voting_policy  # noqa: PLC0415 - torch

        if voters := self.voters:
            return voting_policy(self, voters)
        return CommitteePolicy(
            member=self.members[0].policy,
            columns=self._columns,
            averages="probabilities" if self._averages_probabilities else "values",
        )

    @property
    def nets(self) -> ActingNets | None:
        of_member = None if self.voters else self.members[0].nets
        if of_member is None:
            return None
        columns = np.array(self._columns)
        return replace(of_member, columns=columns, of_probabilities=self._averages_probabilities)

    @property
    def _columns(self) -> tuple[tuple[int, ...], ...]:
        """The columns of an observation that each member reads."""
        return columns_of([member.standardizer for member in self.members])

    @property
    def _averages_probabilities(self) -> bool:
        """Whether the members' probabilities are averaged, not their action values."""
        return self.config.training.algorithm != "dqn"

    def save(self, path: Path) -> None:
        """Write a safetensors file with the weights [member, size] and a header as that of an agent's file.

        The file of a committee of ensembles is that of `save_ensembles`.
        """
        if ensembles := _ensembles(self.members):
            save_ensembles(path, ensembles)
            return
        weights = np.concatenate([member.weights for member in self.members])
        header = CommitteeHeader.of([header_of(member) for member in self.members])
        write_agent_file(path, header, weights)


def _ensembles(members: Sequence[Agent]) -> list[Ensemble]:
    """The members if they are ensembles; empty for single agents."""
    return [member for member in members if isinstance(member, Ensemble)]
