"""A pack: trainings whose shapes agree, one lane each."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.fields.varying_fields import OWN_IN_MODEL, OWN_IN_TRAINING

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pack:
    """Configurations and seeds, one of each per lane; all but the numbers of `spec.own_numbers` agree."""

    configs: tuple[TrainingConfig, ...]
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.configs or len(self.configs) != len(self.seeds):
            raise ValueError(f"{len(self.configs)} configurations and {len(self.seeds)} seeds make no pack")
        if len({signature(config) for config in self.configs}) > 1:
            raise ValueError("the configurations of a pack differ in more than the numbers that a lane may choose")


def signature(config: TrainingConfig) -> str:
    """What trainings must agree in to share a pack, as one word: all that decides a tensor's shape, and the data."""
    shape = {
        "data": config.data.model_dump(mode="json"),
        "observation_window": config.env.observation_window,
        "model": config.model.model_dump(mode="json", exclude=set(OWN_IN_MODEL)),
        "training": config.training.model_dump(mode="json", exclude=set(OWN_IN_TRAINING)),
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:16]


def longest_first(lanes: Sequence[T], key: Callable[[T], TrainingConfig]) -> tuple[T, ...]:
    """Lanes in the order that lets a pack drop those that are through: the more work in an update the earlier."""
    return tuple(sorted(lanes, key=lambda lane: -_rounds(key(lane))))


def _rounds(config: TrainingConfig) -> int:
    match config.training:
        case PpoConfig(n_epochs=rounds) | DqnConfig(gradient_steps=rounds):
            return rounds
        case _:
            return 1
