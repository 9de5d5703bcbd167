"""Configuration of one training: data, environment, model and algorithm, with all defaults.

The guide defines the sections and names (`training.learning_rate`, `env.reward.pnl_coefficient`). The name of a
parameter of the search space is a dotted path into this record.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from fxai.spec.fields.algorithm import Algorithm, algorithm_of
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.ensemble_config import EnsembleConfig, no_ensemble
from fxai.spec.fields.ensemble_training import ENSEMBLE, EnsembleTraining
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.record import LATER, Record


class TrainingConfig(Record):
    """The complete configuration of one training of a trading agent."""

    data: DataConfig = Field(default_factory=DataConfig, description="bars, splits and features")
    env: EnvConfig = Field(default_factory=EnvConfig, description="costs, limits and the reward")
    model: ModelConfig = Field(default_factory=ModelConfig, description="network")
    ensemble: Annotated[EnsembleConfig, LATER] = Field(
        default_factory=EnsembleConfig,
        exclude_if=no_ensemble,
        description="agents of several kinds that decide together",
    )
    training: Algorithm = Field(default_factory=PpoConfig)

    @model_validator(mode="before")
    @classmethod
    def _name_ensemble(cls, tree: Any) -> Any:
        return with_ensemble_algorithm(tree)

    @field_validator("env")
    @classmethod
    def _check_fill(cls, env: EnvConfig, info: ValidationInfo) -> EnvConfig:
        data = info.data.get("data")
        if env.fill == "walk_the_book" and isinstance(data, DataConfig) and data.book_levels == 0:
            raise ValueError(
                "fill: walk_the_book needs data.book_levels, the number of levels of each side of the order book, "
                "such as 5"
            )
        return env

    @field_validator("training")
    @classmethod
    def _check_members(cls, training: AlgorithmConfig, info: ValidationInfo) -> AlgorithmConfig:
        ensemble = info.data.get("ensemble")
        if not isinstance(ensemble, EnsembleConfig):
            return training
        if not isinstance(training, EnsembleTraining):
            if ensemble.agents is not None:
                raise ValueError(
                    f"algorithm {training.algorithm} is not trained beside ensemble.agents; write algorithm: ensemble"
                )
            return training
        if ensemble.agents is None:
            raise ValueError("algorithm ensemble needs ensemble.agents, a list of kinds such as [d3qn, ppo]")
        for kind in dict.fromkeys(ensemble.agents):
            training.of_kind(kind)
        return training


def algorithm_in(tree: Any) -> str:
    """Returns the algorithm of a training_config, given as a mapping; see `algorithm_of`."""
    named = with_ensemble_algorithm(tree)
    return algorithm_of(named.get("training") if isinstance(named, Mapping) else None)


def with_ensemble_algorithm(tree: Any) -> Any:
    """Returns a training_config with `training.algorithm: ensemble` if it names agents and no algorithm."""
    if not isinstance(tree, Mapping) or not isinstance(section := tree.get("ensemble"), Mapping | EnsembleConfig):
        return tree
    training = tree.get("training") or {}
    if no_ensemble(section) or not isinstance(training, Mapping) or "algorithm" in training:
        return tree
    return {**tree, "training": {**training, "algorithm": ENSEMBLE}}
