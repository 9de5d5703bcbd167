"""Record of the section `training` with `algorithm: a2c`."""

from typing import Literal

from pydantic import Field

from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.defaults import MAX_COUNT


class A2cConfig(AlgorithmConfig):
    """Advantage actor-critic (A2C): the synchronous form of A3C (Mnih et al. 2016, arXiv 1602.01783).

    Each update is one step of Adam on a whole, short rollout.
    """

    algorithm: Literal["a2c"] = Field(default="a2c", description="name of the algorithm")
    total_updates: int = Field(default=800, ge=1, le=MAX_COUNT, description="number of updates, each with one rollout")
    eval_frequency: int = Field(default=80, ge=1, le=MAX_COUNT, description="updates between two evaluations")
    rollout_steps: int = Field(
        default=8, ge=1, le=1_000_000, description="environment steps per update, in each environment"
    )
    learning_rate: float = Field(default=7e-4, gt=0, description="learning rate of Adam")
    gae_lambda: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="lambda of generalized advantage estimation; 1 is the paper's return to the end of the rollout",
    )
    entropy_coef: float = Field(default=0.01, ge=0, description="weight of the policy's entropy in the loss")
    value_coef: float = Field(default=0.5, ge=0, description="weight of the value loss")
    normalize_advantage: bool = Field(
        default=False, description="normalizes the advantages of a rollout to mean 0 and standard deviation 1"
    )
