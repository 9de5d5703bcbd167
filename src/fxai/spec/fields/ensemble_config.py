"""The section `ensemble`: agents of several kinds that are trained together and vote on each action."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from fxai.spec.fields.algorithm_names import NAMES, known_name
from fxai.spec.fields.record import Record
from fxai.spec.fields.suggestion import did_you_mean

MAX_AGENTS: Final = 8  # most agents whose kinds can be given and searched separately
_MAX_SEEDS = 64

Vote = Literal["majority", "weighted"]
Ties = Literal["preferences", "flat"]


def _kind(name: object) -> object:
    """Returns the name of a kind in the spelling of `NAMES`.

    Raises:
        ValueError: The kind is unknown.
    """
    if known := known_name(name):
        return known
    near = did_you_mean(name, NAMES) if isinstance(name, str) else ""
    raise ValueError(f"unknown kind of agent {name!r}{near or '.'} Known: {', '.join(NAMES)}")


Kind = Annotated[str, BeforeValidator(_kind)]
"""A name of `NAMES`, in any spelling that `training.algorithm` has too."""


def no_ensemble(value: object) -> bool:
    """Whether a section `ensemble` names no agents, so that one algorithm is trained."""
    agents = value.get("agents") if isinstance(value, Mapping) else getattr(value, "agents", None)
    return agents is None


class EnsembleConfig(Record):
    """Several agents that decide together. The section `training` has the parameters of all of them."""

    agents: tuple[Kind, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_AGENTS,
        description="kinds of the agents: ppo, a2c, dqn, double_dqn, dueling_dqn, d3qn or twin_d3qn; a kind may be "
        "given several times",
    )
    size: int | None = Field(
        default=None, ge=1, le=MAX_AGENTS, description="number of agents, the first of the list; by default all"
    )
    vote: Vote = Field(
        default="majority",
        description="majority: each member has one vote; weighted: better members on the validation split weigh more",
    )
    ties: Ties = Field(
        default="preferences",
        description="which of the actions with the most votes wins: the one that the members together prefer, or the "
        "one nearest to flat",
    )
    seeds: int = Field(
        default=1, ge=1, le=_MAX_SEEDS, description="members of each agent, which differ in their seed only"
    )

    @model_validator(mode="after")
    def _check_agents(self) -> "EnsembleConfig":
        if self.agents is None:
            if self.model_fields_set - {"agents"}:
                raise ValueError(f"needs agents, a list of kinds such as [d3qn, ppo]. Known: {', '.join(NAMES)}")
            return self
        if self.size is not None and self.size > len(self.agents):
            raise ValueError(f"size {self.size} is more than the number of agents, {len(self.agents)}")
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the members, equal ones one after the other, in the order of their first agent."""
        used = (self.agents or ())[: self.size]
        return tuple(kind for kind in dict.fromkeys(used) for _ in range(used.count(kind) * self.seeds))

    @property
    def names(self) -> tuple[str, ...]:
        """The distinct names of the members, such as `d3qn_0`."""
        return member_names(self.kinds)


def member_names(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The names of members of these kinds: each kind with the place of the member."""
    return tuple(f"{kind}_{place}" for place, kind in enumerate(kinds))
