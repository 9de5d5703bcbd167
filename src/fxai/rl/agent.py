"""A trained agent: weights and all that is needed to use them on other bars."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch
from pydantic import ValidationError
from torch import Tensor

from fxai.errors import InputError
from fxai.market.standardizer import Standardizer
from fxai.rl.algorithms import build_policy
from fxai.rl.market_env import ACCOUNT_FEATURES, MarketEnv
from fxai.rl.policy import Policy
from fxai.rl.tensor_file import read_tensors, write_tensors
from fxai.spec.record import Record
from fxai.spec.training_config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Agent:
    """One policy and where it comes from."""

    config: TrainingConfig
    seed: int
    standardizer: Standardizer  # of the features it was trained on, in their order
    data_hash: str  # of the bars it was trained on
    weights: Tensor  # [1, size], on the CPU

    @property
    def policy(self) -> Policy:
        columns = len(self.standardizer.names) + len(ACCOUNT_FEATURES)
        shape = (self.config.env.observation_window, columns)
        return build_policy(self.config, shape, MarketEnv.actions)

    def save(self, path: Path) -> None:
        """Write a safetensors file whose header says what made the agent."""
        header = _Header(
            config=self.config,
            seed=self.seed,
            standardizer=self.standardizer,
            data_hash=self.data_hash,
            versions={"fxai": version("fxai"), "torch": torch.__version__},
        )
        write_tensors(path, header.model_dump(mode="json"), {"weights": self.weights})


class _Header(Record):
    """The JSON of an agent's file."""

    format: Literal["fxai agent 1"] = "fxai agent 1"
    config: TrainingConfig
    seed: int
    standardizer: Standardizer
    data_hash: str
    versions: dict[str, str]


def load_agent(path: Path) -> Agent:
    """The agent in a file; an InputError says why there is none."""
    content, tensors = read_tensors(path)
    if content.get("format") != _Header.model_fields["format"].default or "weights" not in tensors:
        raise InputError(f"{path} holds no agent of this version; its format is {content.get('format')!r}")
    try:
        header = _Header.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path} holds an agent that this version does not understand: {error}") from error
    agent = Agent(header.config, header.seed, header.standardizer, header.data_hash, tensors["weights"])
    if agent.weights.shape != (1, agent.policy.size):
        raise InputError(f"{path} is damaged: its weights do not fit its configuration")
    return agent
