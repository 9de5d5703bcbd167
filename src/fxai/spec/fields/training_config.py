"""Configuration of one training: data, environment, model and algorithm, with all defaults.

The guide defines the sections and names (`training.learning_rate`, `env.reward.pnl_coefficient`). The name of a
parameter of the search space is a dotted path into this record.
"""

from pydantic import Field

from fxai.spec.fields.algorithm import Algorithm
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.record import Record


class TrainingConfig(Record):
    """The complete configuration of one training of a trading agent."""

    data: DataConfig = Field(default_factory=DataConfig, description="bars, splits and features")
    env: EnvConfig = Field(default_factory=EnvConfig, description="costs, limits and the reward")
    model: ModelConfig = Field(default_factory=ModelConfig, description="network")
    training: Algorithm = Field(default_factory=PpoConfig)
