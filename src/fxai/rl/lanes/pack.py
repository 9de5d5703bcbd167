"""A pack: trainings of equal shapes, one lane each."""

import hashlib
import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.per_lane_fields import PER_LANE_MODEL_FIELDS, PER_LANE_TRAINING_FIELDS, SHARED_ENV_FIELDS
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pack:
    """Configurations, seeds and folds, one of each per lane.

    The configurations agree in everything but the fields of `spec.fields.per_lane_fields`. Without folds all lanes
    train on the train split.

    Raises:
        ValueError: If the configurations are not compatible.
    """

    configs: tuple[TrainingConfig, ...]
    seeds: tuple[int, ...]
    folds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.configs or len(self.configs) != len(self.seeds):
            raise ValueError(
                f"a pack needs one seed per configuration: {len(self.configs)} configurations, {len(self.seeds)} seeds"
            )
        if self.folds and len(self.folds) != len(self.seeds):
            raise ValueError(f"a pack needs one fold per seed: {len(self.folds)} folds, {len(self.seeds)} seeds")
        if len({signature(config) for config in self.configs}) > 1:
            raise ValueError("the configurations of a pack differ in fields that must be equal in all lanes")


def signature(config: TrainingConfig) -> str:
    """Hash of the fields in which all trainings of a pack must agree.

    These are the data and all fields that set tensor shapes.
    """
    return signature_of_json(config.model_dump(mode="json"))


def signature_of_json(config: Mapping[str, Any]) -> str:
    """The same for a valid and complete configuration as JSON."""
    shape = {
        "data": config["data"],
        "env": {name: config["env"].get(name) for name in sorted(SHARED_ENV_FIELDS)},
        "model": _without(config["model"], PER_LANE_MODEL_FIELDS),
        "training": _without(config["training"], PER_LANE_TRAINING_FIELDS),
        **({"ensemble": config["ensemble"]} if "ensemble" in config else {}),
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:16]


def _without(section: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
    return {name: value for name, value in section.items() if name not in names}


def longest_first(lanes: Sequence[T], key: Callable[[T], TrainingConfig]) -> tuple[T, ...]:
    """Sort lanes by decreasing work per update, so that finished lanes are the last ones."""
    return tuple(sorted(lanes, key=lambda lane: -_rounds(key(lane))))


def _rounds(config: TrainingConfig) -> int:
    match config.training:
        case PpoConfig(n_epochs=rounds) | DqnConfig(gradient_steps=rounds):
            return rounds
        case _:
            return 1
