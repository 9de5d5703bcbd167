"""`algorithm: a2c`."""

from typing import Literal

from pydantic import Field

from fxai.spec.algorithm_config import AlgorithmConfig
from fxai.spec.defaults import MOST


class A2cConfig(AlgorithmConfig):
    """Advantage actor-critic: A3C (Mnih et al. 2016, arXiv 1602.01783) with its environments in step.

    Each update is one step of Adam on a whole, short rollout.
    """

    algorithm: Literal["a2c"] = Field(default="a2c", description="what is trained")
    total_updates: int = Field(default=800, ge=1, le=MOST, description="rollout and update, so many times")
    eval_frequency: int = Field(default=80, ge=1, le=MOST, description="updates between two evaluations")
    rollout_steps: int = Field(default=8, ge=1, le=1_000_000, description="steps of each environment per update")
    learning_rate: float = Field(default=7e-4, gt=0, description="of Adam")
    gae_lambda: float = Field(default=1.0, ge=0, le=1, description="1 is the paper's return to the rollout's end")
    entropy_coef: float = Field(default=0.01, ge=0, description="weight of the policy's entropy in the loss")
    value_coef: float = Field(default=0.5, ge=0, description="weight of the critic's loss")
    normalize_advantage: bool = Field(default=False, description="advantages of a rollout to mean 0 and deviation 1")
