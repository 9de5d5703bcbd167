"""A committee: agents of one configuration and several seeds that decide together.

The preferences of a committee are the logarithms of the mean of its members' probabilities, or the mean of the action
values of DQN agents. Each member has the standardizer of its own training. Where standardizers differ, an observation
of the committee has the features once for each standardizer, side by side, and each member reads its own columns: a
member sees to the last bit what it sees alone. One standardizer cannot be computed from another, because standardized
features are clipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from fxai.errors import InputError
from fxai.market.features.standardizer import Standardizer
from fxai.rl.agents.agent import Agent, versions
from fxai.rl.agents.agent_instruments import AgentInstrument, is_empty
from fxai.rl.agents.tensor_file import write_tensors
from fxai.rl.environment.market_view import ACCOUNT_FEATURES
from fxai.rl.lanes.ordered_mean import ordered_mean
from fxai.rl.lanes.policy import Policy
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig

_SHARED = ("config", "data_hash", "scoring_env")
"""Fields of an agent in which the members of a committee agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committee(Agent):
    """Agents that decide together, used like one agent; see `of`.

    `seed` is that of the first member, `standardizer` joins the different standardizers of the members, and `weights`
    [1, member * size] has the weights of all members.
    """

    members: tuple[Agent, ...]

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
                raise InputError(f"agent {place} is a committee; a committee consists of single agents")
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
        return cls(
            config=first.config,
            seed=first.seed,
            standardizer=Standardizer.join(_standardizers(members)),
            data_hash=first.data_hash,
            weights=torch.cat([member.weights for member in members], dim=1),
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
    def policy(self) -> "CommitteePolicy":
        standardizers = _standardizers(self.members)
        return CommitteePolicy(
            member=self.members[0].policy,
            columns=tuple(
                _columns(standardizers.index(member.standardizer), len(standardizers), len(member.standardizer.names))
                for member in self.members
            ),
            averages="values" if self.config.training.algorithm == "dqn" else "probabilities",
        )

    def save(self, path: Path) -> None:
        """Write a safetensors file with the weights [member, size] and a header as that of an agent's file."""
        header = CommitteeHeader(
            config=self.config,
            members=tuple(
                CommitteeMember(seed=each.seed, standardizer=each.standardizer, instruments=each.instruments)
                for each in self.members
            ),
            format="fxai committee 2" if self.instruments else "fxai committee 1",
            data_hash=self.data_hash,
            scoring_env=self.scoring_env,
            versions=versions(),
        )
        weights = torch.cat([member.weights for member in self.members])
        write_tensors(path, header.model_dump(mode="json"), {"weights": weights})


@dataclass(frozen=True, slots=True)
class CommitteePolicy:
    """The policy of a committee; its weights are those of the members, one after the other."""

    member: Policy
    columns: tuple[tuple[int, ...], ...]  # of an observation, which each member reads
    averages: Literal["probabilities", "values"]

    @property
    def size(self) -> int:
        return len(self.columns) * self.member.size

    def preferences(self, weights: Tensor, observation: Tensor) -> Tensor:
        """Logarithms of mean probabilities, or mean action values, [lane, action, sample].

        A committee of one returns the preferences of its member.
        """
        of_members = self.of_members(weights, observation)
        if len(self.columns) == 1:
            return of_members[:, 0]
        if self.averages == "values":
            return ordered_mean(of_members)
        log_probability = of_members.log_softmax(2)
        largest = log_probability.amax(1)  # so that the mean of small probabilities is not rounded to 0
        return largest + ordered_mean((log_probability - largest.unsqueeze(1)).exp()).log()

    def of_members(self, weights: Tensor, observation: Tensor) -> Tensor:
        """Preferences of the members, [lane, member, action, sample]."""
        lanes, members = len(weights), len(self.columns)
        whole = tuple(range(observation.shape[-1]))
        own = torch.stack([observation if own == whole else observation[..., own] for own in self.columns], dim=1)
        preferences = self.member.preferences(weights.reshape(lanes * members, -1), own.flatten(0, 1))
        return preferences.view(lanes, members, *preferences.shape[1:])


class CommitteeMember(Record):
    """What the members of a committee differ in, besides their weights."""

    seed: int
    standardizer: Standardizer
    instruments: tuple[AgentInstrument, ...] = Field(default=(), exclude_if=is_empty)  # since 2


class CommitteeHeader(Record):
    """The JSON of a committee's file."""

    format: Literal["fxai committee 1", "fxai committee 2"] = "fxai committee 1"
    config: TrainingConfig
    members: tuple[CommitteeMember, ...] = Field(min_length=1)  # in the order of the weights
    data_hash: str
    scoring_env: EnvConfig | None = None
    versions: dict[str, str]

    def agents(self, weights: Tensor) -> tuple[Agent, ...]:
        """The members with weights [member, size]; each has a copy, because an exporter writes all memory of a view."""
        return tuple(
            Agent(
                self.config,
                each.seed,
                each.standardizer,
                self.data_hash,
                row.clone(),
                self.scoring_env,
                each.instruments,
            )
            for each, row in zip(self.members, weights.split(1), strict=True)
        )


def _standardizers(members: Sequence[Agent]) -> list[Standardizer]:
    """The different standardizers of the members."""
    return list(dict.fromkeys(member.standardizer for member in members))


def _columns(part: int, parts: int, features: int) -> tuple[int, ...]:
    """Columns of an observation with `parts` sets of features that belong to one set, and those of the account."""
    account = range(parts * features, parts * features + len(ACCOUNT_FEATURES))
    return (*range(part * features, (part + 1) * features), *account)
