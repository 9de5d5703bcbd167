"""Files of agents and committees: their JSON headers, and how they are written.

A file has the header, and the weights [member, size]. This module imports no torch, so a worker without torch writes
the agents of its trials.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fxai.market.features.standardizer import Standardizer
from fxai.market.markets.dataset import with_named_columns
from fxai.market.markets.instruments import MarketSet
from fxai.rl.agents.agent_instruments import AgentInstrument, agent_instruments, is_empty
from fxai.rl.agents.agent_versions import versions
from fxai.rl.agents.tensor_file import write_tensors
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig

Weights = NDArray[np.float32]
"""[member, size]"""


class AgentHeader(Record):
    """The JSON of an agent's file: everything that an agent has besides its weights."""

    format: Literal["fxai agent 1", "fxai agent 2", "fxai agent 3"] = "fxai agent 2"
    config: TrainingConfig
    seed: int
    standardizer: Standardizer
    data_hash: str
    scoring_env: EnvConfig | None = None  # since 2
    instruments: tuple[AgentInstrument, ...] = Field(default=(), exclude_if=is_empty)  # 3 has them
    versions: dict[str, str]

    @classmethod
    def of(
        cls,
        *,
        config: TrainingConfig,
        seed: int,
        standardizer: Standardizer,
        data_hash: str,
        scoring_env: EnvConfig | None,
        instruments: tuple[AgentInstrument, ...],
    ) -> Self:
        """The header of a file that this release writes."""
        return cls(
            format="fxai agent 3" if instruments else "fxai agent 2",
            config=config,
            seed=seed,
            standardizer=standardizer,
            data_hash=data_hash,
            scoring_env=scoring_env,
            instruments=instruments,
            versions=versions(),
        )

    @classmethod
    def trained(cls, config: TrainingConfig, seed: int, markets: MarketSet, scoring_env: EnvConfig) -> Self:
        """The header of a training on markets.

        Its configuration has the dates of the splits of several instruments.
        """
        if markets.names:
            config = config.model_copy(update={"data": markets.config})
        return cls.of(
            config=with_named_columns(config, markets.first),
            seed=seed,
            standardizer=markets.first.standardizer,
            data_hash=markets.content_hash,
            scoring_env=scoring_env,
            instruments=agent_instruments(markets),
        )


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

    @classmethod
    def of(cls, members: Sequence[AgentHeader]) -> Self:
        """The header of agents that agree in configuration, data and scoring environment."""
        first = members[0]
        return cls(
            format="fxai committee 2" if first.instruments else "fxai committee 1",
            config=first.config,
            members=tuple(
                CommitteeMember(seed=each.seed, standardizer=each.standardizer, instruments=each.instruments)
                for each in members
            ),
            data_hash=first.data_hash,
            scoring_env=first.scoring_env,
            versions=first.versions,
        )


def write_agent_file(path: Path, header: AgentHeader | CommitteeHeader, weights: Weights) -> None:
    """Write a safetensors file of one agent, weights [1, size], or of a committee.

    Raises:
        FxaiError: If the file cannot be written.
    """
    write_tensors(path, header.model_dump(mode="json"), {"weights": weights})
